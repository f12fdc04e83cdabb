-- What a user of PostGraphile adds to plain tables: who is signed in, and signing in.
CREATE EXTENSION IF NOT EXISTS pgcrypto;
COMMENT ON COLUMN users.password_hash IS
  E'@behavior -attribute:select -attribute:insert -attribute:update -attribute:filterBy -attribute:orderBy';
ALTER TABLE comments ALTER COLUMN author_id
  SET DEFAULT nullif(current_setting('jwt.claims.user_id', true), '')::integer;
CREATE FUNCTION me() RETURNS users LANGUAGE sql STABLE AS $$
  SELECT * FROM users WHERE id = nullif(current_setting('jwt.claims.user_id', true), '')::integer
$$;
CREATE TYPE jwt_token AS (sub text, role text, exp bigint);
CREATE FUNCTION login(username text, password text) RETURNS jwt_token LANGUAGE plpgsql AS $$
DECLARE
  found users;
BEGIN
  SELECT u.* INTO found FROM users u WHERE u.username = login.username;
  IF found.password_hash = crypt(password, found.password_hash) THEN
    RETURN (found.id::text, found.role, extract(epoch FROM now() + interval '1 day')::bigint)::jwt_token;
  END IF;
  RETURN NULL;
END
$$;
