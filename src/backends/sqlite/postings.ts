import type { Micros } from '../../xapi/timestamp.ts'
import { type Block, type BlockRow, blockOf, countBelow } from './blocks.ts'
import type { Connection } from './connect.ts'
import type { TermId } from './term-ids.ts'

/**
 * A position in the order of a query: `stored` when it ascends, its negative when it descends. So all code below reads upwards, in both
 * directions of the query.
 */
export type PlaceInOrder = number

/** A sorted list of positions, read from its beginning to its end. */
export interface PlaceList {
  /** The first position at or after `from`. Undefined when there is none. `from` never goes back. */
  seek(from: PlaceInOrder): PlaceInOrder | undefined
}

/** The work that a query has done, so it can pause before it blocks other requests. */
export interface Effort {
  /** About one for each position that was examined. */
  spent: number
}

export interface PostingsReader {
  /** The statements that have a term. */
  open(term: TermId, ascending: boolean, effort: Effort): PlaceList
}

/** The cost of a read from the database, and of each block, compared to examining one position. */
const readCost = 40
const blockCost = 8
/** Upwards, all values of the first block may be before the wanted position. Downwards, its first value never is. */
const fewBlocks = { upwards: 2, downwards: 1 }
const manyBlocks = 128

const never = Number.POSITIVE_INFINITY

/** The first position of a block at or after `from`. */
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
  // The block that contains `from` may begin before it.
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
        // A read near the last one will need most of the list. A far leap needs little of it.
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

/** The positions of these sorted `stored` values at this moment. */
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

/** Positions that are in at least one of the lists. */
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

/** The positions that all lists have in common, found by leaping from one to the next. */
export interface Intersection {
  /** Returns up to `count` more positions, or fewer when the effort reaches `limit`. `ended`: no more follow in the range. */
  take(count: number, limit: number): { readonly places: PlaceInOrder[]; readonly ended: boolean }
}

export const intersect = (
  lists: readonly PlaceList[],
  from: PlaceInOrder,
  to: PlaceInOrder,
  effort: Effort
): Intersection => {
  let candidate = from
  /** The first position from the candidate on that none of the lists excludes. */
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
        // With one list its first position is a match. With several lists, all must come back to the same position.
        if (place === candidate || lists.length === 1) {
          places.push(place)
          candidate = place + 1
        } else candidate = place
      }
      return { places, ended: false }
    }
  }
}
