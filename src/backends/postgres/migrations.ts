/**
 * The schema, as the steps that each database goes through from its creation. The table `migration` counts the steps. Never change a
 * step that was released: add another one. The order of columns leaves the least room between them.
 *
 * target      One row per target, '' for the default one. A writer holds a lock on the row. No statement was stored, or promised, later
 *             than `last`. `writer` is the process that wrote last.
 * statement   `object` is the id that its Object refers to, whether that statement exists or not. `inherited` are the tokens of the
 *             statements that it refers to, directly or indirectly, with 22 characters each. A statement is found by `id` in the primary
 *             key, by its order in `statement_shown` unless it is voided, and by its reference in `statement_object`.
 * entry       The sorted list of the statements that have a token (keys.ts, compact-tokens.ts) and are not voided.
 * activity, verb, agent_name, document   Their keys are digests, because an index accepts at most 2704 bytes and IRIs and ids may have
 *             more. Texts in these tables are JSON, because PostgreSQL has no character U+0000 and JSON text does not need it.
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

/** The tables on which a role needs privileges when another role owns them. */
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
