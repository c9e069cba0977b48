import type { Micros } from '../../xapi/timestamp.ts'
import { type Block, type BlockRow, blockOf, countBelow } from './blocks.ts'
import type { Connection } from './connect.ts'
import type { TermId } from './term-ids.ts'

/**
 * A place in the order of a query: `stored` when it ascends, its negative when it descends. All that is below reads
 * upwards, whichever way the query goes.
 */
export type PlaceInOrder = number

/** A sorted list of places, read from its beginning to its end. */
export interface PlaceList {
  /** The first place that is not before `from`; undefined when there is none. `from` never goes back. */
  seek(from: PlaceInOrder): PlaceInOrder | undefined
}

/** How much a query has done, so that it can rest before it has kept others waiting. */
export interface Effort {
  /** About one for each place that was looked at. */
  spent: number
}

export interface PostingsReader {
  /** The statements that have a term. */
  open(term: TermId, ascending: boolean, effort: Effort): PlaceList
}

/** What a read from the database costs, and each block it brings, compared to looking at a place. */
const readCost = 40
const blockCost = 8
/** Upwards all of the first block may lie before the place that is sought, downwards its first value never does. */
const fewBlocks = { upwards: 2, downwards: 1 }
const manyBlocks = 128

const never = Number.POSITIVE_INFINITY

/** The first place of a block that is not before `from`. */
const seekInBlock = (block: Block, from: PlaceInOrder, ascending: boolean): PlaceInOrder | undefined => {
  if (ascending) {
    const at = countBelow(block, from)
    return at < block.length ? block.valueAt(at) : undefined
  }
  const at = countBelow(block, 1 - from) - 1
  return at < 0 ? undefined : -block.valueAt(at)
}

export const createPostingsReader = (connection: Connection): PostingsReader => {
  const downwards = connection.prepare<[...BlockRow]>(
    'SELECT first, rest FROM entry WHERE term = ? AND first <= ? ORDER BY first DESC LIMIT ?'
  )
  // The block that `from` falls into may begin before it.
  const upwards = connection.prepare<[...BlockRow]>(
    `SELECT first, rest FROM entry
     WHERE term = ?1 AND first >= ifnull((SELECT max(first) FROM entry WHERE term = ?1 AND first <= ?2), ?2)
     ORDER BY first LIMIT ?3`
  )

  return {
    open: (term, ascending, effort) => {
      const few = ascending ? fewBlocks.upwards : fewBlocks.downwards
      let wanted = few
      let blocks: Block[] = []
      let at = 0
      let ended = false

      const end = (block: Block | undefined, isLast: boolean): PlaceInOrder => {
        if (!block) return never
        return ascending ? block.valueAt(isLast ? block.length - 1 : 0) : -block.valueAt(isLast ? 0 : block.length - 1)
      }

      const refill = (from: PlaceInOrder): void => {
        const [first, last] = [end(blocks[0], false), end(blocks.at(-1), true)]
        // Who goes on near where the last read ended wants most of the list, who leaps far wants little of it.
        const isNear = from - last <= Math.max(last - first, 1)
        wanted = isNear ? Math.min(wanted * 4, manyBlocks) : few
        const rows = ascending ? upwards.all(term, from, wanted) : downwards.all(term, -from, wanted)
        blocks = rows.map(blockOf)
        at = 0
        ended = blocks.length === 0
        effort.spent += readCost + blockCost * blocks.length
      }

      const seekInBlocks = (from: PlaceInOrder): PlaceInOrder | undefined => {
        for (let block = blocks[at]; block; block = blocks[at]) {
          const place = seekInBlock(block, from, ascending)
          if (place !== undefined) return place
          at += 1
        }
        return undefined
      }

      return {
        seek: (from) => {
          if (ended) return undefined
          const place = seekInBlocks(from)
          if (place !== undefined) return place
          refill(from)
          const read = seekInBlocks(from)
          ended = read === undefined
          return read
        }
      }
    }
  }
}

/** The places of some `stored`, in order, as they are now. */
export const placesOf = (values: readonly Micros[], ascending: boolean): PlaceList => {
  const places = ascending ? values.slice() : values.map((stored) => -stored).reverse()
  let at = 0
  return {
    seek: (from) => {
      while (at < places.length && (places[at] ?? never) < from) at += 1
      return places[at]
    }
  }
}

/** Places that are in one of the lists or more. */
export const union = (lists: readonly PlaceList[]): PlaceList => {
  const [only] = lists
  if (only && lists.length === 1) return only
  const heads: (PlaceInOrder | undefined)[] = lists.map(() => Number.NEGATIVE_INFINITY)
  return {
    seek: (from) => {
      let least: PlaceInOrder | undefined
      for (const [index, list] of lists.entries()) {
        let head = heads[index]
        if (head !== undefined && head < from) {
          head = list.seek(from)
          heads[index] = head
        }
        if (head !== undefined && (least === undefined || head < least)) least = head
      }
      return least
    }
  }
}

/** The places that all lists have, found by leaping from one to the next. */
export interface Intersection {
  /** Up to `count` more places, fewer when the effort reaches `limit`. `ended`: none follows within the range. */
  take(count: number, limit: number): { readonly places: PlaceInOrder[]; readonly ended: boolean }
}

export const intersect = (
  lists: readonly PlaceList[],
  from: PlaceInOrder,
  to: PlaceInOrder,
  effort: Effort
): Intersection => {
  let candidate = from
  /** The first place from the candidate on that the lists, asked in turn, do not rule out. */
  const leap = (): PlaceInOrder | undefined => {
    let place: PlaceInOrder | undefined = candidate
    for (const list of lists) {
      place = list.seek(place)
      if (place === undefined || place > to) return undefined
    }
    effort.spent += lists.length
    return place
  }
  return {
    take: (count, limit) => {
      const places: PlaceInOrder[] = []
      while (places.length < count && effort.spent < limit) {
        const place = leap()
        if (place === undefined) return { places, ended: true }
        // With one list its first place is a match; with several, all must come back to the same.
        if (place === candidate || lists.length === 1) {
          places.push(place)
          candidate = place + 1
        } else candidate = place
      }
      return { places, ended: false }
    }
  }
}
