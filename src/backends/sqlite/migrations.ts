/**
 * The schema, as the steps that each database goes through from its creation. `user_version` counts the steps. Never change a step
 * that was released: add another one.
 *
 * statement   rowid is `stored` (µs since 1970): unique, increasing, the order of all statements.
 * identity    The id of a statement → its `stored`.
 * term        A term that statements are found by (xapi/terms.ts) → a small number.
 * entry       The sorted list of the statements that have a term, in blocks that do not overlap. `first` is a `stored`. `rest` has the
 *             others of the block as offsets from it (blocks.ts), or is NULL for a block of one.
 * progress    `indexed`: identity and entry contain all statements up to this one. The few later ones are indexed in memory
 *             (index-tables.ts). `last`: the latest time that was given out before the store was last closed.
 * reference   Which statement (by `stored`) refers to which id by its Object, whether that statement exists or not.
 * inherited   The terms that a statement in `reference` inherits from its target, directly or indirectly.
 * part        The content of an attachment or a document that is too large for one row. The row has an empty content, and its column
 *             `parts` is the `owner` of the chunks.
 */
export const migrations: readonly string[] = [
  `
  CREATE TABLE statement (
    stored INTEGER PRIMARY KEY,
    id BLOB NOT NULL,
    voided INTEGER NOT NULL,
    voiding INTEGER NOT NULL,
    text TEXT NOT NULL
  );
  CREATE TABLE identity (
    id BLOB PRIMARY KEY,
    stored INTEGER NOT NULL
  ) WITHOUT ROWID;
  CREATE TABLE term (
    text TEXT PRIMARY KEY,
    id INTEGER NOT NULL
  ) WITHOUT ROWID;
  CREATE TABLE entry (
    term INTEGER NOT NULL,
    first INTEGER NOT NULL,
    rest BLOB,
    PRIMARY KEY (term, first)
  ) WITHOUT ROWID;
  CREATE TABLE reference (
    target BLOB NOT NULL,
    referrer INTEGER NOT NULL,
    PRIMARY KEY (target, referrer)
  ) WITHOUT ROWID;
  CREATE TABLE inherited (
    stored INTEGER NOT NULL,
    term INTEGER NOT NULL,
    PRIMARY KEY (stored, term)
  ) WITHOUT ROWID;
  CREATE TABLE attachment (
    sha2 TEXT PRIMARY KEY,
    content BLOB NOT NULL
  );
  CREATE TABLE activity (
    iri TEXT PRIMARY KEY,
    definition TEXT NOT NULL
  );
  CREATE TABLE verb (
    iri TEXT PRIMARY KEY,
    display TEXT NOT NULL
  );
  CREATE TABLE agent_name (
    identifier TEXT NOT NULL,
    name TEXT NOT NULL,
    first INTEGER NOT NULL,
    PRIMARY KEY (identifier, name)
  ) WITHOUT ROWID;
  CREATE TABLE document (
    kind TEXT NOT NULL,
    activity TEXT NOT NULL,
    agent TEXT NOT NULL,
    registration TEXT NOT NULL,
    id TEXT NOT NULL,
    etag TEXT NOT NULL,
    updated INTEGER NOT NULL,
    content_type TEXT NOT NULL,
    content BLOB NOT NULL,
    UNIQUE (kind, agent, activity, registration, id)
  );
  CREATE INDEX document_updated ON document (updated);
  CREATE TABLE progress (
    indexed INTEGER NOT NULL,
    last INTEGER NOT NULL
  );
  INSERT INTO progress (indexed, last) VALUES (0, 0);
  `,
  `
  CREATE TABLE part (
    owner INTEGER NOT NULL,
    place INTEGER NOT NULL,
    content BLOB NOT NULL,
    PRIMARY KEY (owner, place)
  );
  ALTER TABLE attachment ADD COLUMN parts INTEGER;
  ALTER TABLE document ADD COLUMN parts INTEGER;
  `
]
