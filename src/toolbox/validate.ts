import { moduleBeside } from '../streams/ordered-map.ts'
import { type FilterRequest, filterRecords } from './filter.ts'
import type { ValidateTask } from './validate-work.ts'

export type { RejectedLine } from './filter.ts'

export interface ValidateRequest extends ValidateTask, FilterRequest {}

/** The lines that are valid, as they came, in their order; `filterRecords` says how it ends. */
export const validateRecords = (
  input: AsyncIterable<Uint8Array>,
  { jobs, startAfter, progress, onRefused, onProgress, ...task }: ValidateRequest
): AsyncGenerator<Uint8Array, void, undefined> =>
  filterRecords(input, moduleBeside('validate-work', import.meta.url), task, {
    jobs,
    startAfter,
    progress,
    onRefused,
    onProgress
  })
