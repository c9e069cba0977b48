/** What an error means, and what the person who meets it can do. */
interface ErrorDescription {
  readonly meaning: string
  readonly advice: string
}

/**
 * Every way in which Ralph can refuse or fail, in one table. docs/errors.md is printed from it. A code does not depend on HTTP or
 * processes: `http/error-status.ts` has the status of each, `cli/exit-code.ts` the exit code.
 */
export const errorCodes = {
  // Errors in what the client sent.
  INVALID_JSON: {
    meaning: 'the body is not valid JSON',
    advice: 'Send one JSON value, in UTF-8. The message names the position where the text is no longer JSON.'
  },
  INVALID_STATEMENT: {
    meaning: 'a statement breaks a rule of the specification',
    advice:
      'Read `details.problems`: each names the statement, the pointer into it, the rule and what was expected. docs/rejected-statements.md says what to do when the client cannot be corrected.'
  },
  INVALID_PARAMETER: {
    meaning: 'a query parameter is unknown, repeated, of the wrong form, or contradicts another',
    advice:
      'Correct the parameter that the message names. RALPH_LRS_IGNORE_UNKNOWN_PARAMETERS=true ignores unknown names.'
  },
  INVALID_HEADER: {
    meaning: 'a request header is missing or of the wrong form',
    advice: 'Correct the header that the message names.'
  },
  INVALID_VERSION: {
    meaning: 'X-Experience-API-Version is missing or names a version that is not supported',
    advice:
      'Send X-Experience-API-Version: 1.0.3 or 2.0.0. RALPH_LRS_REQUIRE_VERSION_HEADER=false accepts requests without the header.'
  },
  INVALID_CURSOR: {
    meaning: 'a `more` link, or a position from which to continue, was altered',
    advice: 'Use `more` links and positions exactly as you got them. If one is lost, begin with the first page.'
  },
  INVALID_MULTIPART: {
    meaning: 'a multipart/mixed body is malformed',
    advice:
      'Compare the boundary, the order of the parts and their headers with Communication 1.5.2 of the specification.'
  },
  INVALID_ATTACHMENT: {
    meaning: 'attachments and the parts sent with them do not match',
    advice: 'Send a part for each attachment without `fileUrl`. `sha2` and `length` must be those of the bytes.'
  },
  INVALID_SIGNATURE: {
    meaning: 'a signed statement does not carry the signature it claims',
    advice:
      'Sign the statement as it is sent. For signatures without a certificate set RALPH_LRS_SIGNATURE_KEYS to the public key.'
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
    meaning: 'the request has more statements than the configured limit',
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
    advice: 'Check what is between client and server: a proxy may change or cut requests.'
  },
  REQUEST_TIMEOUT: {
    meaning: 'the request took too long to arrive',
    advice: 'Send less at once, or raise the setting that `details.setting` names.'
  },
  // Errors of credentials.
  UNAUTHENTICATED: {
    meaning: 'credentials are missing or wrong',
    advice:
      'Check name and password, and whether the user exists: `ralph auth list`. The demo user janedoe is refused on addresses that others can reach.'
  },
  FORBIDDEN: {
    meaning: 'the credentials lack a scope',
    advice: 'Give the user the scope that the message names, in the auth file. docs/users.md lists the scopes.'
  },
  // Errors that depend on what is stored.
  NOT_FOUND: {
    meaning: 'the resource does not exist',
    advice:
      'Check the path and the id. A voided statement is found only by `voidedStatementId`, and statements of other users may be hidden.'
  },
  METHOD_NOT_ALLOWED: {
    meaning: 'the resource does not support this method',
    advice: 'Use a method that the header Allow of the answer names.'
  },
  STATEMENT_CONFLICT: {
    meaning: 'another statement has this id',
    advice: 'Statements never change. Send the new statement with a new id. An equal statement is accepted again.'
  },
  DOCUMENT_CONFLICT: {
    meaning: 'the document exists and the request does not say which version it replaces',
    advice: 'Read the document first, and send its ETag in If-Match.'
  },
  PRECONDITION_FAILED: {
    meaning: 'If-Match or If-None-Match does not hold',
    advice: 'Somebody changed the document. Read it again, and repeat the change.'
  },
  // Errors that depend on the state of the server.
  IDENTITY_PROVIDER_UNAVAILABLE: {
    meaning: 'the OpenID Connect provider of the tokens does not answer, or its answer is wrong',
    advice:
      'Try again. The log and `ralph doctor` say what the provider answered; RALPH_RUNSERVER_AUTH_OIDC_ISSUER_URI names it. Users of the auth file are not affected.'
  },
  OVERLOADED: {
    meaning: 'the server is overloaded',
    advice:
      'Send the request again after Retry-After. If it happens often, send less at once, or raise the setting that `details.setting` names.'
  },
  STORE_UNAVAILABLE: {
    meaning: 'the store is unreachable',
    advice:
      'Look at the log and at /__heartbeat__: the database does not answer. Clients send the request again after Retry-After.'
  },
  STORE_FULL: {
    meaning: 'the store cannot write: the storage is full or read-only',
    advice: 'Make room on the disk of the store, or make it writable. The server then continues without a restart.'
  },
  STORE_CORRUPT: {
    meaning: 'the store contains something that Ralph cannot have written',
    advice: 'Stop the server, keep a copy of the files, and restore a backup: docs/backup-and-upgrade.md.'
  },
  STORE_IN_USE: {
    meaning: 'another process writes to this store: stop it, or give this process another store',
    advice:
      'The message names the process. sqlite, fs and clickhouse have one server at a time; es, mongo and postgres have any number.'
  },
  // Errors of commands.
  INVALID_QUERY: {
    meaning: 'the backend does not understand the query',
    advice: '`ralph read -b NAME --help` describes the query of the backend.'
  },
  ALREADY_THERE: {
    meaning: 'something else has this name or id already',
    advice: 'Choose another name, or say with `ralph write -o` what to do with the existing one.'
  },
  UNSUPPORTED_OPERATION: {
    meaning: 'the backend cannot do this',
    advice: '`ralph backends` lists what each backend can do.'
  },
  INTERRUPTED: {
    meaning: 'the command was stopped before it was done',
    advice: 'Start the command again: nothing is written twice.'
  },
  // Errors of the start.
  INVALID_SETTING: {
    meaning: 'a setting has an invalid value',
    advice:
      'Correct the setting that the message names. `ralph settings` shows the value of each setting and where it comes from.'
  },
  INVALID_AUTH_FILE: {
    meaning: 'the auth file is missing or malformed',
    advice: 'The message names the file, the user and what is wrong. `ralph auth` writes a correct file.'
  },
  UNKNOWN_BACKEND: {
    meaning: 'there is no backend with this name',
    advice:
      '`ralph backends` lists the names. A backend of a package needs `ralph-backend-NAME` in node_modules of the working directory.'
  },
  ADDRESS_UNAVAILABLE: {
    meaning: 'the server cannot listen on this address',
    advice: 'Choose another port with --port, or stop the program that uses it.'
  },
  USAGE: {
    meaning: 'the command line is wrong',
    advice: '`ralph help COMMAND` shows the arguments and options.'
  },
  INVALID_INPUT: {
    meaning: 'some of the input of a command is invalid',
    advice: 'Standard error names the lines. `--report FILE` keeps them with the reasons; `-I` continues after them.'
  },
  // Errors of imports and downloads.
  INVALID_ARCHIVE: {
    meaning: 'an archive or compressed file is cut off or damaged',
    advice: 'Get the file again. Nothing of it was imported.'
  },
  UNSAFE_PATH: {
    meaning: 'the path of an entry leads out of the archive',
    advice: 'Do not trust this file. Pack it again if you know its content. Nothing of it was imported.'
  },
  UNSAFE_LINK: {
    meaning: 'an archive contains a link or a device instead of a file',
    advice: 'Pack the files themselves (`tar --dereference`). Nothing of it was imported.'
  },
  ARCHIVE_TOO_LARGE: {
    meaning: 'a file, or what it unpacks to, is larger than the limits allow',
    advice: 'If the file is as it should be, raise the setting that the message names and try again.'
  },
  ARCHIVE_TOO_DEEP: {
    meaning: 'archives are nested too deeply',
    advice: 'Unpack the outer ones, or raise the setting that the message names and try again.'
  },
  UNSUPPORTED_CONTENT: {
    meaning: 'a file contains nothing that can be used, or is packed in a way that is not supported',
    advice: 'Give the file the suffix of its type, and pack it without a password as tar, zip, gz, bz2, zst or xz.'
  },
  CHECKSUM_MISMATCH: {
    meaning: 'the bytes that arrived do not have the expected checksum',
    advice: 'Send or fetch the file again, or correct the checksum. Nothing of it is kept.'
  },
  UPLOAD_EXPIRED: {
    meaning: 'an upload was given up, because no bytes arrived for too long',
    advice: 'Begin it again. RALPH_UPLOADMANAGER__EXPIRATION is the longest pause.'
  },
  UPLOAD_CONFLICT: {
    meaning: 'the sent bytes do not follow those that the server has',
    advice: 'Ask for the offset with HEAD, and continue there.'
  },
  UPLOAD_CORRUPT: {
    meaning: 'the bytes of an upload request do not have the checksum in its header',
    advice: 'Send them again: the offset of the upload has not changed.'
  },
  IMPORT_IN_USE: {
    meaning: 'another process works on this import',
    advice: 'Wait until it has finished. If that process died on another machine, its lease ends within a minute.'
  },
  // Errors of a registry.
  KEY_NOT_FOUND: {
    meaning: 'a key is not in the registry, or nothing is below a directory',
    advice: '`ralph kv list` shows the keys of the bucket. Values with a TTL disappear by themselves.'
  },
  KEY_EXISTS: {
    meaning: 'a key to be created is in the registry already',
    advice: 'Choose another key, or read the value and replace it with `--previous`.'
  },
  KEY_MODIFIED: {
    meaning: 'the value to replace or delete has changed',
    advice: 'Somebody changed it. Read it again, and repeat the change.'
  },
  PREVIOUS_NOT_SPECIFIED: {
    meaning: 'an atomic deletion does not say which value it deletes',
    advice: 'Read the key with `ralph kv get --json` and give its `lastIndex` as `--previous`.'
  },
  CALL_NOT_SUPPORTED: {
    meaning: 'the provider of the registry cannot do this',
    advice: 'boltdb is a file of one process: it watches nothing and locks nothing. Use etcd, zookeeper or consul.'
  },
  REGISTRY_UNREACHABLE: {
    meaning: 'no server of the registry answers',
    advice: 'The message names the servers. Check that they run and have a leader, and check RALPH_REGISTRY__ENDPOINTS.'
  },
  CANNOT_LOCK: {
    meaning: 'a lock of the registry could not be acquired',
    advice: 'Another process holds it: `ralph kv get` shows its value. Wait longer, or stop that process.'
  },
  INTERNAL: {
    meaning: 'a defect of Ralph',
    advice: 'The log has the cause. Report it with the lines of the log: SECURITY.md and CONTRIBUTING.md say where.'
  }
} as const satisfies { readonly [code: string]: ErrorDescription }
