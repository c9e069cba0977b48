import { randomUUID } from 'node:crypto'
import { type EsOptions, openEs } from '../../src/backends/es/index.ts'
import type { OpenBackend } from '../contracts/open-backend.ts'
import { contextOf } from '../contracts/open-backend.ts'

/** Indices of its own on a server that others use, too. */
export const someIndices = (url: string): EsOptions & { readonly targetPrefix: string } => {
  const prefix = `test-${randomUUID()}`
  return { hosts: [url], index: `${prefix}-statements`, targetPrefix: `${prefix}.`, allowYellowStatus: true }
}

/** Removes them, whoever uses them. */
export const removeIndices = async (
  url: string,
  { targetPrefix }: { readonly targetPrefix: string }
): Promise<void> => {
  const pattern = `${targetPrefix.slice(0, -1)}*`
  const listed = await fetch(`${url}/_cat/indices/${pattern}?h=index&expand_wildcards=all`)
  const names = (await listed.text()).split('\n').filter((name) => name !== '')
  // A path of Elasticsearch has 4 KB, and a stock server takes no pattern.
  for (let start = 0; start < names.length; start += 20) {
    await fetch(
      `${url}/${names
        .slice(start, start + 20)
        .map(encodeURIComponent)
        .join(',')}`,
      { method: 'DELETE' }
    )
  }
}

export const esOpener =
  (url: string): OpenBackend =>
  async (t, clock) => {
    const options = someIndices(url)
    const context = contextOf(t, clock, '')
    let backend = openEs(options, context)
    t.teardown(async () => {
      await backend.close()
      await removeIndices(url, options)
    })
    return {
      backend,
      reopen: async () => {
        await backend.close()
        backend = openEs(options, context)
        return backend
      }
    }
  }
