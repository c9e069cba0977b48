import { moduleBeside } from '../streams/ordered-map.ts'
import type { ConversionTask } from './convert-work.ts'
import { type FilterRequest, filterRecords } from './filter.ts'

export interface ConvertRequest extends ConversionTask, FilterRequest {}

/** Records as statements, one per line, in their order; `filterRecords` says how it ends. */
export const convertRecords = (
  input: AsyncIterable<Uint8Array>,
  { jobs, startAfter, progress, onRefused, onProgress, ...task }: ConvertRequest
): AsyncGenerator<Uint8Array, void, undefined> =>
  filterRecords(input, moduleBeside('convert-work', import.meta.url), task, {
    jobs,
    startAfter,
    progress,
    onRefused,
    onProgress
  })
