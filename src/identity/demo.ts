/**
 * The hash of janedoe's password in `.ralph/auth.json`, as shipped. Everybody can know that password. So this hash is accepted only where
 * nobody else can reach the server, or where the operator allows it. A hash that a person made with `ralph auth`, even of the same
 * password, is an ordinary user.
 */
export const demoHash = '$2b$12$lBBFTIJh1jvS6q8NWJycKe2Jc05SqL5fX0lyuZBxf1UpPKzDhNwmS'
