import type { AnyDefinition, fromJSON, Options, PackageDefinition } from '@grpc/proto-loader'

/** The fields of a message: the number of each, and its type; a list begins with `repeated`. */
type Fields = Readonly<Record<string, readonly [number, string]>>

/**
 * What Ralph uses of the v3 API of etcd (packages etcdserverpb and mvccpb, from its public description). A field that is not
 * named here is skipped by those who read, so that servers may have more of them.
 */
const messages: Readonly<Record<string, Fields>> = {
  ResponseHeader: { revision: [3, 'int64'] },
  KeyValue: {
    key: [1, 'bytes'],
    createRevision: [2, 'int64'],
    modRevision: [3, 'int64'],
    value: [5, 'bytes'],
    lease: [6, 'int64']
  },
  RangeRequest: {
    key: [1, 'bytes'],
    rangeEnd: [2, 'bytes'],
    limit: [3, 'int64'],
    keysOnly: [8, 'bool'],
    countOnly: [9, 'bool']
  },
  RangeResponse: { header: [1, 'ResponseHeader'], kvs: [2, 'repeated KeyValue'], count: [4, 'int64'] },
  PutRequest: { key: [1, 'bytes'], value: [2, 'bytes'], lease: [3, 'int64'] },
  PutResponse: { header: [1, 'ResponseHeader'] },
  DeleteRangeRequest: { key: [1, 'bytes'], rangeEnd: [2, 'bytes'] },
  DeleteRangeResponse: { header: [1, 'ResponseHeader'], deleted: [2, 'int64'] },
  // result 0: equal; target 1: createRevision, 2: modRevision.
  Compare: {
    result: [1, 'int32'],
    target: [2, 'int32'],
    key: [3, 'bytes'],
    createRevision: [5, 'int64'],
    modRevision: [6, 'int64']
  },
  // Of each of these, one field is set.
  RequestOp: {
    requestRange: [1, 'RangeRequest'],
    requestPut: [2, 'PutRequest'],
    requestDeleteRange: [3, 'DeleteRangeRequest']
  },
  ResponseOp: {
    responseRange: [1, 'RangeResponse'],
    responsePut: [2, 'PutResponse'],
    responseDeleteRange: [3, 'DeleteRangeResponse']
  },
  TxnRequest: {
    compare: [1, 'repeated Compare'],
    success: [2, 'repeated RequestOp'],
    failure: [3, 'repeated RequestOp']
  },
  TxnResponse: { header: [1, 'ResponseHeader'], succeeded: [2, 'bool'], responses: [3, 'repeated ResponseOp'] },
  WatchCreateRequest: { key: [1, 'bytes'], rangeEnd: [2, 'bytes'], startRevision: [3, 'int64'] },
  WatchRequest: { createRequest: [1, 'WatchCreateRequest'] },
  WatchResponse: {
    header: [1, 'ResponseHeader'],
    created: [3, 'bool'],
    canceled: [4, 'bool'],
    compactRevision: [5, 'int64'],
    cancelReason: [6, 'string'],
    events: [11, 'repeated Event']
  },
  // type 1: deleted.
  Event: { type: [1, 'int32'], kv: [2, 'KeyValue'] },
  LeaseGrantRequest: { TTL: [1, 'int64'], ID: [2, 'int64'] },
  LeaseGrantResponse: { ID: [2, 'int64'], TTL: [3, 'int64'], error: [4, 'string'] },
  LeaseRevokeRequest: { ID: [1, 'int64'] },
  LeaseRevokeResponse: {},
  LeaseKeepAliveRequest: { ID: [1, 'int64'] },
  LeaseKeepAliveResponse: { ID: [2, 'int64'], TTL: [3, 'int64'] },
  AuthenticateRequest: { name: [1, 'string'], password: [2, 'string'] },
  AuthenticateResponse: { token: [2, 'string'] },
  MemberListRequest: {},
  Member: { ID: [1, 'uint64'], name: [2, 'string'], clientURLs: [4, 'repeated string'] },
  MemberListResponse: { members: [2, 'repeated Member'] }
}

type Method = readonly [request: string, response: string, stream?: 'stream']

const services: Readonly<Record<string, Readonly<Record<string, Method>>>> = {
  KV: {
    Range: ['RangeRequest', 'RangeResponse'],
    Put: ['PutRequest', 'PutResponse'],
    DeleteRange: ['DeleteRangeRequest', 'DeleteRangeResponse'],
    Txn: ['TxnRequest', 'TxnResponse']
  },
  Watch: { Watch: ['WatchRequest', 'WatchResponse', 'stream'] },
  Lease: {
    LeaseGrant: ['LeaseGrantRequest', 'LeaseGrantResponse'],
    LeaseRevoke: ['LeaseRevokeRequest', 'LeaseRevokeResponse'],
    LeaseKeepAlive: ['LeaseKeepAliveRequest', 'LeaseKeepAliveResponse', 'stream']
  },
  Auth: { Authenticate: ['AuthenticateRequest', 'AuthenticateResponse'] },
  Cluster: { MemberList: ['MemberListRequest', 'MemberListResponse'] }
}

const fieldOf = ([id, type]: readonly [number, string]) =>
  type.startsWith('repeated ') ? { rule: 'repeated', type: type.slice('repeated '.length), id } : { type, id }

const nested = {
  ...Object.fromEntries(
    Object.entries(messages).map(([name, fields]) => [
      name,
      { fields: Object.fromEntries(Object.entries(fields).map(([field, of]) => [field, fieldOf(of)])) }
    ])
  ),
  ...Object.fromEntries(
    Object.entries(services).map(([name, methods]) => [
      name,
      {
        methods: Object.fromEntries(
          Object.entries(methods).map(([method, [requestType, responseType, stream]]) => [
            method,
            {
              requestType,
              responseType,
              requestStream: stream === 'stream',
              responseStream: stream === 'stream',
              comment: ''
            }
          ])
        )
      }
    ])
  )
}

/** 64-bit numbers are texts, as JavaScript has no such numbers; a field that was not sent has its default. */
const options: Options = { longs: String, defaults: true, keepCase: true }

/** All services, by their full names, as grpc-js takes them. */
export const definitionsOf = (loader: {
  readonly fromJSON: (json: Parameters<typeof fromJSON>[0], options: Options) => PackageDefinition
}): Readonly<Record<string, AnyDefinition>> =>
  loader.fromJSON({ nested: { etcdserverpb: { options: { syntax: 'proto3' }, nested } } }, options)
