/** A shape of a mark, in a square of 48 by 48. */
export interface Shape {
  readonly d: string
  /** Filled in this colour, or drawn as a line of it when `line` gives a width. */
  readonly color: string
  readonly line?: number
  /** Degrees around the point `at`. */
  readonly turn?: number
  readonly at?: readonly [number, number]
}

/** A bank's sign: shapes on a ground. */
export interface Mark {
  readonly ground: string
  /** The corners of the ground: 24 is a circle. */
  readonly corner: number
  readonly shapes: readonly Shape[]
}

/** How an institution is known, to the app and on the institution's own pages. */
export interface Brand {
  readonly name: string
  readonly country: string
  readonly mark: Mark
}

const white = '#ffffff'
const line = (d: string, color = white, width = 2.6): Shape => ({ d, color, line: width })
const fill = (d: string, color = white): Shape => ({ d, color })
const circle = (x: number, y: number, r: number, color = white): Shape =>
  fill(
    `M${String(x - r)} ${String(y)}a${String(r)} ${String(r)} 0 1 0 ${String(2 * r)} 0a${String(r)} ${String(r)} 0 1 0 ${String(-2 * r)} 0z`,
    color,
  )
const around = (
  turns: readonly number[],
  d: string,
  at: readonly [number, number],
  colors: readonly string[],
) => turns.map((turn, index): Shape => ({ d, color: colors[index % colors.length] ?? white, turn, at }))

/** Every institution there is in the demo. The marks are drawn here. */
export const brands = {
  tern: {
    name: 'Tern Harbor Community Bank',
    country: 'United States',
    mark: {
      ground: '#0b4a5c',
      corner: 3,
      shapes: [
        fill(
          'M5 15c8-1 14 2 18 8 4-8 11-12 20-13-6 3-9 8-11 14-1.5 4.5-4.5 7-8 7-4.5 0-6.5-4-9-8-2-3.3-5-6.5-10-8z',
        ),
        line('M6 38c3-2.6 6-2.6 9 0s6 2.6 9 0 6-2.6 9 0 6 2.6 9 0', '#e3b25b', 2.4),
      ],
    },
  },
  larkspur: {
    name: 'Larkspur Bank',
    country: 'United States',
    mark: {
      ground: '#3a36b5',
      corner: 24,
      shapes: [
        ...around(
          [0, 72, 144, 216, 288],
          'M24 22.5c-6.5-4-7.5-11 0-15.5 7.5 4.5 6.5 11.5 0 15.5z',
          [24, 25],
          ['#ffffff', '#c9c7ff'],
        ),
        circle(24, 25, 3.2, '#f7c948'),
      ],
    },
  },
  prairie: {
    name: 'Prairie Ledger',
    country: 'United States',
    mark: {
      ground: '#8a4b0f',
      corner: 8,
      shapes: [
        line('M13 33V24M20.3 33V14M27.6 33V20M35 33V17', '#ffe3b0', 4),
        line('M9 38.5h30', white, 2.4),
      ],
    },
  },
  foxglove: {
    name: 'Foxglove Federal',
    country: 'United States',
    mark: {
      ground: '#6b1f55',
      corner: 12,
      shapes: [
        fill(
          'M24 8c-3 4-9 8-10 19-.3 4-2.3 6-4.5 8.5 3.5 1.8 6.5-.7 9.5.7 2 1 3.3 2.3 5 2.3s3-1.3 5-2.3c3-1.4 6 1.1 9.5-.7-2.2-2.5-4.2-4.5-4.5-8.5C33 16 27 12 24 8z',
          '#ffd9ef',
        ),
        circle(24, 24, 2, '#6b1f55'),
        circle(20, 29, 1.6, '#6b1f55'),
        circle(28, 29, 1.6, '#6b1f55'),
      ],
    },
  },
  pennyhill: {
    name: 'Pennyhill Bank',
    country: 'United Kingdom',
    mark: {
      ground: '#ff5a3c',
      corner: 16,
      shapes: [
        circle(32, 17, 6, '#ffe08a'),
        fill('M5 37c5-13 12-18 18-10 3.5 4.7 7 5 10 2.5 4-3.3 7-1 10 7.5z'),
      ],
    },
  },
  oldQuay: {
    name: 'Old Quay Building Society',
    country: 'United Kingdom',
    mark: {
      ground: '#571024',
      corner: 24,
      shapes: [
        line(
          'M24 9.5a3.7 3.7 0 1 1 0 7.4 3.7 3.7 0 0 1 0-7.4zM24 17v21M17 22.5h14M11 28c.5 6.5 6.5 10 13 10s12.5-3.5 13-10',
          '#e2bd74',
          2.5,
        ),
      ],
    },
  },
  juniper: {
    name: 'Juniper Savings',
    country: 'European Union',
    mark: {
      ground: '#e4efdf',
      corner: 0,
      shapes: [
        line('M24 41V8M24 18l-8-6M24 18l8-6M24 27l-10-7M24 27l10-7', '#1e5c33', 2.4),
        circle(17, 34, 4.6, '#1e5c33'),
        circle(31, 34, 4.6, '#1e5c33'),
      ],
    },
  },
  fynbos: {
    name: 'Fynbos Bank',
    country: 'South Africa',
    mark: {
      ground: '#4f1fb3',
      corner: 24,
      shapes: [
        ...around(
          [-66, 66, -44, 44, -22, 22, 0],
          'M24 38c-5-9-5-18 0-28 5 10 5 19 0 28z',
          [24, 38],
          ['#ff7eb0', '#ff7eb0', '#ffb3cf', '#ffb3cf', '#ffd6e4', '#ffd6e4', '#ffffff'],
        ),
      ],
    },
  },
  moneyhub: {
    name: 'Moneyhub',
    country: 'United Kingdom',
    mark: {
      ground: '#0b5d43',
      corner: 12,
      shapes: [
        line('M24 24 12 13M24 24l12-11M24 24 12 35M24 24l12 11', '#9be7c4', 2.4),
        circle(24, 24, 5.5),
        circle(12, 13, 3.4, '#9be7c4'),
        circle(36, 13, 3.4, '#9be7c4'),
        circle(12, 35, 3.4, '#9be7c4'),
        circle(36, 35, 3.4, '#9be7c4'),
      ],
    },
  },
  basis: {
    name: 'Basis Connect',
    country: 'United States',
    mark: {
      ground: '#16352a',
      corner: 10,
      shapes: [
        fill('M24 9l14 7.5-14 7.5-14-7.5z', '#8fe0b4'),
        line('M10 24l14 7.5L38 24M10 31.5 24 39l14-7.5', '#8fe0b4', 2.4),
      ],
    },
  },
  unknown: {
    name: 'Another bank',
    country: '',
    mark: {
      ground: '#5d6470',
      corner: 12,
      shapes: [
        fill('M24 10 40 18v3H8v-3z'),
        line('M13 24v10M20.3 24v10M27.6 24v10M35 24v10', white, 3),
        line('M9 38h30'),
      ],
    },
  },
} as const satisfies Readonly<Record<string, Brand>>

/** The key of a {@link Brand}. */
export type BrandId = keyof typeof brands

/** The brand of an institution by its name; the plain one for a name that is not of the demo. */
export function brandOf(name: string): BrandId {
  const found = Object.entries(brands).find(([, brand]) => name.startsWith(brand.name))
  return (found?.[0] as BrandId | undefined) ?? 'unknown'
}
