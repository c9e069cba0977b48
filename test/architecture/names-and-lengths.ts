/**
 * What is left to do: it may only become less. Something new on one of these lists fails a test, and so does an entry that is no longer true.
 */

/** A type that every engine has under one name, in its own folder: whoever knows one engine finds the way in all. */
export const ofEachEngine: { readonly [name: string]: string } = {
  AdoptOptions: 'What taking in documents of another program needs to know of this engine.',
  AdoptReport: 'How many documents of another program this engine took in.',
  ClientOptions: 'The options of the client of this engine.',
  Connection: 'What is asked of this engine, and how it fails.',
  DescriptionDocument: 'A definition of an Activity, as this engine keeps it.',
  Documents: 'The documents of this engine (State, Profiles), and what else the store does with them.',
  EngineOptions: 'What writing batches on this engine needs.',
  NameDocument: 'A name of an Agent, as this engine keeps it.',
  ChunkDocument: 'A part of something large, as this engine keeps it.',
  Queries: 'How this engine finds statements.',
  RecordTable: 'A table that the toolbox reads records from and writes them to.',
  RequestSubject: 'What a request to this engine is about, for its error.',
  StoreOptions: 'What opening a store of this engine needs.'
}

/** Exported types of one name that mean different things, and where. */
export const twoMeanings: { readonly [name: string]: readonly string[] } = {}

/** Functions of more than 100 lines, and how many they may have. */
export const longFunctions: { readonly [place: string]: number } = {
  'src/backends/fs/store.ts build': 135,
  'src/backends/sqlite/store.ts build': 130,
  'src/json/object-scan.ts scanObject': 106,
  'src/storage/batching/lease.ts createLease': 118
}
