/** The columns of the tables, in the order in which rows are sent: names and types. */
export const columns = {
  statement:
    'store UInt32, stored Int64, id FixedString(16), round Int64, members UInt32, emission_time Int64, ' +
    'voiding UInt8, object String, size UInt32, keys Array(FixedString(17)), text String',
  entry: 'store UInt32, key FixedString(17), stored Int64, id FixedString(16), round Int64',
  change: 'store UInt32, stored Int64, id FixedString(16), round Int64, voided UInt8, keys Array(FixedString(17))',
  description: 'store UInt32, kind FixedString(1), subject String, name String, version Int64, text String',
  attachment: 'store UInt32, sha2 String, size UInt64, content String',
  document:
    'store UInt32, owner FixedString(16), key FixedString(16), kind FixedString(1), activity String, agent String, ' +
    'registration String, id String, version Int64, deleted UInt8, updated Int64, etag String, content_type String, ' +
    'content String',
  /** The columns that Ralph reads and writes. A table may have others. */
  event: 'event_id UUID, emission_time DateTime64(6), event String'
} as const

/** Without the types. */
export const namesOf = (list: string): string =>
  list
    .split(', ')
    .map((column) => column.split(' ')[0])
    .join(', ')
