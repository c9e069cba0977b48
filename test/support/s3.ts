import { randomBytes } from 'node:crypto'
import {
  AbortMultipartUploadCommand,
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  S3Client
} from '@aws-sdk/client-s3'
import type { Test } from 'tap'

/** What a client is to be told of a server whose URL has the credentials. */
export const s3AccessOf = (url: string) => {
  const { protocol, host, username, password } = new URL(url)
  return {
    endpoint: `${protocol}//${host}`,
    accessKeyId: decodeURIComponent(username),
    secretAccessKey: decodeURIComponent(password)
  }
}

/** The driver, as anybody could use it. */
export const s3ClientOf = (url: string): S3Client => {
  const { endpoint, ...credentials } = s3AccessOf(url)
  return new S3Client({
    endpoint,
    credentials,
    region: 'us-east-1',
    forcePathStyle: true,
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    maxAttempts: 1
  })
}

/** A bucket of its own, which is gone when `t` ends. */
export const aBucket = async (t: Test, url: string): Promise<string> => {
  const client = s3ClientOf(url)
  const Bucket = `ralph-test-${randomBytes(6).toString('hex')}`
  await client.send(new CreateBucketCommand({ Bucket }))
  t.teardown(async () => {
    const { Uploads = [] } = await client.send(new ListMultipartUploadsCommand({ Bucket }))
    for (const { Key, UploadId } of Uploads) {
      await client.send(new AbortMultipartUploadCommand({ Bucket, Key, UploadId }))
    }
    const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket }))
    for (const { Key } of Contents) await client.send(new DeleteObjectCommand({ Bucket, Key }))
    await client.send(new DeleteBucketCommand({ Bucket }))
    client.destroy()
  })
  return Bucket
}

/** What was begun in parts and neither ended nor aborted. */
export const unfinishedUploads = async (url: string, Bucket: string): Promise<number> => {
  const client = s3ClientOf(url)
  const { Uploads = [] } = await client.send(new ListMultipartUploadsCommand({ Bucket }))
  client.destroy()
  return Uploads.length
}
