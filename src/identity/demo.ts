/**
 * The hash of janedoe's password in `.ralph/auth.json`, as shipped. Everybody can know that password, so this very
 * hash is accepted only where nobody else can reach the server, or where the operator says so. A hash that somebody
 * made with `ralph auth`, of the same password or not, is a user like any other.
 */
export const demoHash = '$2b$12$lBBFTIJh1jvS6q8NWJycKe2Jc05SqL5fX0lyuZBxf1UpPKzDhNwmS'
