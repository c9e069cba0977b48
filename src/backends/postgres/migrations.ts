/**
 * The schema, as steps that each database has gone through from its first day; the table `migration` says which. A step
 * that was released is never changed: add another. Columns are in the order that leaves the least room between them.
 *
 * target      one row per target, '' the default one. Who writes to a target holds a lock on its row. `last`: no
 *             statement of it was stored later, and nobody was promised one that is not; `writer`: who was last to say so.
 * statement   `object` is the id that its Object refers to, there or not; `inherited` are the tokens, 22 characters
 *             each, that it has from what it refers to, directly or further on. A statement is found by `id` in the
 *             primary key, in order in `statement_shown` unless it is voided, by what it refers to in `statement_object`.
 * entry       the sorted list of the statements that have a token (keys.ts, lean-tokens.ts) and are not voided.
 * activity, verb, agent_name, document   have digests as keys: an index takes no more than 2704 bytes, IRIs and ids do.
 *             What is text there is JSON, since PostgreSQL has no character U+0000 and JSON text can do without.
 */
export const migrations: readonly string[] = [
  `
  CREATE TABLE target (
    last bigint NOT NULL DEFAULT 0,
    writer uuid,
    number integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text COLLATE "C" NOT NULL UNIQUE
  ) WITH (fillfactor = 50);

  CREATE TABLE statement (
    stored bigint NOT NULL,
    id uuid NOT NULL,
    object uuid,
    target integer NOT NULL,
    voided boolean NOT NULL,
    voiding boolean NOT NULL,
    inherited text,
    text text NOT NULL,
    PRIMARY KEY (target, id)
  );
  CREATE INDEX statement_shown ON statement (target, stored, id) WHERE NOT voided;
  CREATE INDEX statement_voided ON statement (target, stored, id) WHERE voided;
  CREATE INDEX statement_object ON statement (target, object) WHERE object IS NOT NULL;
  DO $$ BEGIN
    ALTER TABLE statement ALTER COLUMN text SET COMPRESSION lz4;
  EXCEPTION WHEN feature_not_supported THEN
    NULL; -- This server was built without.
  END $$;

  CREATE TABLE entry (
    stored bigint NOT NULL,
    token uuid NOT NULL,
    id uuid NOT NULL,
    target integer NOT NULL,
    PRIMARY KEY (target, token, stored, id)
  ) WITH (autovacuum_vacuum_insert_scale_factor = 0.05);

  CREATE TABLE activity (
    target integer NOT NULL,
    digest uuid NOT NULL,
    iri text NOT NULL,
    definition json NOT NULL,
    PRIMARY KEY (target, digest)
  );
  CREATE TABLE verb (
    target integer NOT NULL,
    digest uuid NOT NULL,
    iri text NOT NULL,
    display json NOT NULL,
    PRIMARY KEY (target, digest)
  );
  CREATE TABLE agent_name (
    stored bigint NOT NULL,
    target integer NOT NULL,
    agent uuid NOT NULL,
    digest uuid NOT NULL,
    identifier json NOT NULL,
    name json NOT NULL,
    PRIMARY KEY (target, agent, digest)
  );

  CREATE TABLE attachment (
    target integer NOT NULL,
    sha2 text COLLATE "C" NOT NULL,
    content bytea NOT NULL,
    PRIMARY KEY (target, sha2)
  );

  CREATE SEQUENCE document_revision;
  CREATE TABLE document (
    revision bigint NOT NULL,
    updated bigint NOT NULL,
    target integer NOT NULL,
    digest uuid NOT NULL,
    scope uuid NOT NULL,
    registration uuid NOT NULL,
    key json NOT NULL,
    etag text NOT NULL,
    content_type text NOT NULL,
    content bytea NOT NULL,
    PRIMARY KEY (target, digest)
  );
  CREATE INDEX document_scope ON document (target, scope, registration);
  `
]

/** What a role must be allowed to do, where another one owns the tables. */
export const tableNames = [
  'target',
  'statement',
  'entry',
  'activity',
  'verb',
  'agent_name',
  'attachment',
  'document',
  'migration'
] as const
