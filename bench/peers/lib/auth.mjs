// Tokens and passwords, alike for Apollo and Mercurius.
import bcrypt from 'bcrypt'
import jwt from 'jsonwebtoken'

export const SECRET = process.env.JWT_SECRET

export const checkPassword = (password, hash) => bcrypt.compare(password, hash)

export const sign = claims => jwt.sign(claims, SECRET, { algorithm: 'HS256', expiresIn: '1d' })

export function claimsOf(header) {
  if (!header?.startsWith('Bearer ')) return null
  try {
    return jwt.verify(header.slice(7), SECRET, { algorithms: ['HS256'] })
  } catch {
    return null
  }
}
