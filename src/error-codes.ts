/** What an error means, and what the person who meets it can do. */
interface ErrorDescription {
  readonly meaning: string
  readonly advice: string
}

/**
 * Every way in which Ralph can refuse or fail, in one table; docs/errors.md is printed from it. A code says nothing of
 * HTTP or of processes: `http/error-status.ts` gives each its status and `cli/exit-code.ts` its exit code.
 */
export const errorCodes = {
  // What the client sent.
  INVALID_JSON: {
    meaning: 'the body is not valid JSON',
    advice: 'Send one JSON value, in UTF-8. The message names the place where the text stops being JSON.'
  },
  INVALID_STATEMENT: {
    meaning: 'a statement breaks a rule of the specification',
    advice:
      'Read `details.problems`: each names the statement, the place in it, the rule and what was expected. docs/rejected-statements.md says what to do when the client cannot be mended.'
  },
  INVALID_PARAMETER: {
    meaning: 'a query parameter is unknown, repeated, of the wrong form, or contradicts another',
    advice:
      'Correct the parameter that the message names. RALPH_LRS_IGNORE_UNKNOWN_PARAMETERS=true lets unknown names pass.'
  },
  INVALID_HEADER: {
    meaning: 'a request header is missing or of the wrong form',
    advice: 'Correct the header that the message names.'
  },
  INVALID_VERSION: {
    meaning: 'X-Experience-API-Version is missing or names a version that is not supported',
    advice:
      'Send X-Experience-API-Version: 1.0.3 or 2.0.0. RALPH_LRS_REQUIRE_VERSION_HEADER=false lets requests without the header pass.'
  },
  INVALID_CURSOR: {
    meaning: 'a `more` link, or a position to go on from, was altered',
    advice: 'Use `more` links and positions as they came. Ask the first question again if one is lost.'
  },
  INVALID_MULTIPART: {
    meaning: 'a multipart/mixed body is malformed',
    advice:
      'Compare the boundary, the order of the parts and their headers with Communication 1.5.2 of the specification.'
  },
  INVALID_ATTACHMENT: {
    meaning: 'attachments and the parts sent with them do not agree',
    advice: 'Send a part for each attachment without `fileUrl`. `sha2` and `length` must be those of the bytes.'
  },
  INVALID_SIGNATURE: {
    meaning: 'a signed statement does not carry the signature it claims',
    advice:
      'Sign the statement as it is sent. For signatures without a certificate give the public key in RALPH_LRS_SIGNATURE_KEYS.'
  },
  INVALID_DOCUMENT: {
    meaning: 'a document cannot be stored or merged',
    advice: 'POST merges JSON objects only. Send any other document with PUT.'
  },
  BODY_TOO_LARGE: {
    meaning: 'the body exceeds the configured limit',
    advice: 'Send less at once, or raise the setting that `details.setting` names.'
  },
  TOO_MANY_STATEMENTS: {
    meaning: 'the request brings more statements than the configured limit',
    advice: 'Send hundreds of statements at a time, or raise RALPH_RUNSERVER_MAX_STATEMENTS_PER_REQUEST.'
  },
  HEADERS_TOO_LARGE: {
    meaning: 'the request headers exceed the limit of the server',
    advice: 'Send long parameters by POST in the alternate request syntax, or raise RALPH_RUNSERVER_MAX_HEADER_SIZE.'
  },
  UNSUPPORTED_MEDIA_TYPE: {
    meaning: 'the content type or the content encoding is not supported',
    advice: 'Send statements as application/json or multipart/mixed, and compress with gzip, deflate, br or nothing.'
  },
  MALFORMED_REQUEST: {
    meaning: 'the request is not well-formed HTTP',
    advice: 'Look at what stands between client and server: a proxy may change or cut requests.'
  },
  REQUEST_TIMEOUT: {
    meaning: 'the request took too long to arrive',
    advice: 'Send less at once, or raise the setting that `details.setting` names.'
  },
  // Who sent it.
  UNAUTHENTICATED: {
    meaning: 'credentials are missing or wrong',
    advice:
      'Check name and password, and whether the user is there: `ralph auth list`. The demo user janedoe is refused on addresses that others can reach.'
  },
  FORBIDDEN: {
    meaning: 'the credentials lack a scope',
    advice: 'Give the user the scope that the message names, in the auth file. docs/users.md lists the scopes.'
  },
  // What is there.
  NOT_FOUND: {
    meaning: 'the resource does not exist',
    advice:
      'Check the path and the id. A voided statement is found by `voidedStatementId` only, and statements of others may be hidden.'
  },
  METHOD_NOT_ALLOWED: {
    meaning: 'the resource does not have this method',
    advice: 'Use a method that the header Allow of the answer names.'
  },
  STATEMENT_CONFLICT: {
    meaning: 'another statement has this id',
    advice:
      'Statements never change. Send the new statement with an id of its own; a statement that is equal is accepted again.'
  },
  DOCUMENT_CONFLICT: {
    meaning: 'the document exists and the request does not say which state it replaces',
    advice: 'Read the document first, and send its ETag in If-Match.'
  },
  PRECONDITION_FAILED: {
    meaning: 'If-Match or If-None-Match does not hold',
    advice: 'Somebody changed the document. Read it again, and repeat the change.'
  },
  // What the server can do now.
  OVERLOADED: {
    meaning: 'the server has more to do than it can take',
    advice:
      'Send the request again after Retry-After. If it happens often, send less at once, or raise the setting that `details.setting` names.'
  },
  STORE_UNAVAILABLE: {
    meaning: 'the store is out of reach',
    advice:
      'Look at the log and at /__heartbeat__: the database does not answer. Clients send the request again after Retry-After.'
  },
  STORE_FULL: {
    meaning: 'the store can take no more: storage is full or read-only',
    advice: 'Make room on the disk of the store, or take away what makes it read-only. The server goes on by itself.'
  },
  STORE_CORRUPT: {
    meaning: 'the store holds something that it cannot have written',
    advice: 'Stop the server, keep a copy of the files, and restore a backup: docs/backup-and-upgrade.md.'
  },
  STORE_IN_USE: {
    meaning: 'another process writes to this store: stop it, or give this one a store of its own',
    advice:
      'The message names the process. sqlite, fs and clickhouse have one server at a time; es, mongo and postgres have any number.'
  },
  // What a command met.
  INVALID_QUERY: {
    meaning: 'the backend does not understand what it was asked to read',
    advice: '`ralph read -b NAME --help` says what a query of the backend is.'
  },
  ALREADY_THERE: {
    meaning: 'there is something else of this name or id already',
    advice: 'Choose another name, or say with `ralph write -o` what happens to what is there.'
  },
  UNSUPPORTED_OPERATION: {
    meaning: 'the backend cannot do this',
    advice: '`ralph backends` lists what each backend can do.'
  },
  INTERRUPTED: {
    meaning: 'the command was stopped before it had done everything',
    advice: 'Start the command again: what was moved already is not doubled.'
  },
  // How it was started.
  INVALID_SETTING: {
    meaning: 'a setting has a value that it cannot have',
    advice: 'Correct the setting that the message names. `ralph settings` shows what is set, and by what.'
  },
  INVALID_AUTH_FILE: {
    meaning: 'the auth file is missing or malformed',
    advice: 'The message names the file and what is wrong with which user. `ralph auth` writes a correct file.'
  },
  UNKNOWN_BACKEND: {
    meaning: 'a backend of this name does not exist',
    advice:
      '`ralph backends` lists the names. A backend of a package needs `ralph-backend-NAME` in node_modules of the working directory.'
  },
  ADDRESS_UNAVAILABLE: {
    meaning: 'the server cannot listen on this address',
    advice: 'Choose another port with --port, or stop the program that has it.'
  },
  USAGE: {
    meaning: 'the command was called with the wrong words',
    advice: '`ralph help COMMAND` shows its words.'
  },
  INVALID_INPUT: {
    meaning: 'some of the input of a command is invalid',
    advice: 'Standard error names the lines. `--report FILE` keeps them with the reasons; `-I` goes on after them.'
  },
  // What became of an import or a download.
  INVALID_ARCHIVE: {
    meaning: 'an archive or compressed file is cut off or damaged',
    advice: 'Get the file again. Nothing of it was taken over.'
  },
  UNSAFE_PATH: {
    meaning: 'an entry of an archive has a path that leads out of it',
    advice: 'Do not trust this file. Pack it anew if you know its content. Nothing of it was taken over.'
  },
  UNSAFE_LINK: {
    meaning: 'an archive holds a link or a device instead of a file',
    advice: 'Pack the files themselves (`tar --dereference`). Nothing of it was taken over.'
  },
  ARCHIVE_TOO_LARGE: {
    meaning: 'a file, or what it unpacks to, is larger than the limits allow',
    advice: 'If the file is as it should be, raise the setting that the message names and try again.'
  },
  ARCHIVE_TOO_DEEP: {
    meaning: 'archives are packed within each other too often',
    advice: 'Unpack the outer ones, or raise the setting that the message names and try again.'
  },
  UNSUPPORTED_CONTENT: {
    meaning: 'a file holds nothing that can be used, or is packed in a way that is not supported',
    advice: 'Name the file as what it is, and pack it without a password as tar, zip, gz, bz2, zst or xz.'
  },
  CHECKSUM_MISMATCH: {
    meaning: 'the bytes that arrived do not have the checksum that was promised',
    advice: 'Send or fetch the file again, or correct the checksum. Nothing of it is kept.'
  },
  UPLOAD_EXPIRED: {
    meaning: 'an upload was given up, as nothing of it came for too long',
    advice: 'Begin it anew. RALPH_UPLOADMANAGER__EXPIRATION says how long a pause may be.'
  },
  UPLOAD_CONFLICT: {
    meaning: 'the bytes that are sent do not follow those that are there',
    advice: 'Ask with HEAD how far the upload is, and go on there.'
  },
  UPLOAD_CORRUPT: {
    meaning: 'the bytes of a request of an upload do not have the checksum that it promised',
    advice: 'Send them again: the upload is where it was before.'
  },
  IMPORT_IN_USE: {
    meaning: 'another process works on this import',
    advice: 'Wait until it has finished. If that process died on another machine, its lease ends within a minute.'
  },
  // What a registry says.
  KEY_NOT_FOUND: {
    meaning: 'a key is not in the registry, or nothing is below a directory',
    advice: '`ralph kv list` shows the keys of the bucket. Values that were put with a TTL go by themselves.'
  },
  KEY_EXISTS: {
    meaning: 'a key that was to be made is in the registry already',
    advice: 'Choose another key, or read the value and replace it with `--previous`.'
  },
  KEY_MODIFIED: {
    meaning: 'the value to replace or delete is no longer there',
    advice: 'Somebody changed it. Read it again, and repeat the change.'
  },
  PREVIOUS_NOT_SPECIFIED: {
    meaning: 'an atomic deletion does not say which value it deletes',
    advice: 'Read the key with `ralph kv get --json` and give its `lastIndex` as `--previous`.'
  },
  CALL_NOT_SUPPORTED: {
    meaning: 'the provider of the registry cannot do this',
    advice: 'boltdb is a file of one process: it watches nothing and locks nothing. Use etcd or zookeeper.'
  },
  REGISTRY_UNREACHABLE: {
    meaning: 'no server of the registry answers',
    advice: 'The message names the servers. Look whether they run and have a leader, and at RALPH_REGISTRY__ENDPOINTS.'
  },
  CANNOT_LOCK: {
    meaning: 'a lock of the registry was not got',
    advice: 'Somebody else holds it: `ralph kv get` shows the value they left. Wait longer, or end them.'
  },
  INTERNAL: {
    meaning: 'a defect of Ralph',
    advice: 'The log has the cause. Report it with the lines of the log: SECURITY.md and CONTRIBUTING.md say where.'
  }
} as const satisfies { readonly [code: string]: ErrorDescription }
