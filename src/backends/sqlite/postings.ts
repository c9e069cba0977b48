import type { Micros } from '../../xapi/timestamp.ts'
import { type Block, valuesOf } from './blocks.ts'
import type { Connection } from './connect.ts'
import type { TermId } from './term-ids.ts'

/**
 * A place in the order of a query: `stored` when it ascends, its negative when it descends. All that is below reads
 * upwards, whichever way the query goes.
 */
export type Place = number

/** A sorted list of places, read from its beginning to its end. */
export interface PlaceList {
  /** The first place that is not before `from`; undefined when there is none. `from` never goes back. */
  seek(from: Place): Place | undefined
}

/** How much a query has read, so that it can rest before it has kept others waiting. */
export interface Effort {
  /** Values decoded, or as much work as decoding one. */
  spent: number
}

export interface PostingsReader {
  /** The statements that have a term. */
  open(term: TermId, ascending: boolean, effort: Effort): PlaceList
}

/** What a read from the database costs, compared to decoding one value. */
const readCost = 32
/** At least two: all of the first may lie before the place that is sought. */
const fewBlocks = 2
const manyBlocks = 128

const never = Number.POSITIVE_INFINITY

export const createPostingsReader = (connection: Connection): PostingsReader => {
  const before = connection.prepare<[...Block]>(
    'SELECT first, rest FROM entry WHERE term = ? AND first <= ? ORDER BY first DESC LIMIT ?'
  )
  // The block that `from` falls into may begin before it.
  const after = connection.prepare<[...Block]>(
    `SELECT first, rest FROM entry
     WHERE term = ?1 AND first >= ifnull((SELECT max(first) FROM entry WHERE term = ?1 AND first <= ?2), ?2)
     ORDER BY first LIMIT ?3`
  )

  const read = (term: TermId, ascending: boolean, from: Place, blocks: number): Place[] => {
    const places: Place[] = []
    if (ascending) {
      for (const block of after.all(term, from, blocks)) places.push(...valuesOf(block))
    } else {
      for (const block of before.all(term, -from, blocks)) {
        for (const stored of valuesOf(block).reverse()) places.push(-stored)
      }
    }
    return places
  }

  return {
    open: (term, ascending, effort) => {
      let places: Place[] = []
      let at = 0
      let blocks = fewBlocks
      let ended = false

      const refill = (from: Place): void => {
        const first = places[0] ?? from
        const last = places.at(-1) ?? from
        // Who goes on near where the last read ended wants most of the list, who leaps far wants little of it.
        const isNear = from - last <= last - first
        blocks = isNear ? Math.min(blocks * 4, manyBlocks) : fewBlocks
        places = read(term, ascending, from, blocks)
        effort.spent += readCost + places.length
        at = 0
        // The block that `from` falls into may end before it, too: then, being the last, it is read in vain.
        ended = (places.at(-1) ?? Number.NEGATIVE_INFINITY) < from
      }

      return {
        seek: (from) => {
          if (ended) return undefined
          for (;;) {
            while (at < places.length && (places[at] ?? never) < from) at += 1
            if (at < places.length) return places[at]
            refill(from)
            if (ended) return undefined
          }
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
  const heads: (Place | undefined)[] = lists.map(() => Number.NEGATIVE_INFINITY)
  return {
    seek: (from) => {
      let least: Place | undefined
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
  take(count: number, limit: number): { readonly places: Place[]; readonly ended: boolean }
}

export const intersect = (lists: readonly PlaceList[], from: Place, to: Place, effort: Effort): Intersection => {
  let candidate = from
  /** The first place from the candidate on that the lists, asked in turn, do not rule out. */
  const leap = (): Place | undefined => {
    let place: Place | undefined = candidate
    for (const list of lists) {
      place = list.seek(place)
      if (place === undefined || place > to) return undefined
    }
    effort.spent += lists.length
    return place
  }
  return {
    take: (count, limit) => {
      const places: Place[] = []
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
