// The SQLite file, with the settings that everybody has.
import Database from 'better-sqlite3'

export function openFile() {
  const file = new Database(process.env.SQLITE)
  file.pragma('journal_mode = WAL')
  file.pragma('synchronous = NORMAL')
  file.pragma('busy_timeout = 5000')
  file.pragma('foreign_keys = ON')
  return file
}
