/**
 * The times of both windows of a popup, in seconds:
 *
 *     page that opened it   look ─ look ─ … ─ seems closed ──────── closed, but the answer still counts until the expiry
 *                           └ look ┘          └── grace ──┘
 *     popup, back here      offer ─────────── goes on itself
 *                           └──── handOver ──┘
 *     any other page                           may resume what neither of them went on with
 *                           └──── ownership ──┘
 */
export const timing = {
  /** Between two looks at the popup. */
  look: 0.25,
  /** Between two looks at what is stored. */
  lookAtRecord: 5,
  /** Until a first sight of the provider's page is made certain. */
  secondLook: 0.05,
  /** For which a popup that seems closed may still turn out to have come back. */
  grace: 2,
  /** For which the page that opened a popup may take the code over. */
  handOver: 4,
  /** For which a returned code belongs to the popup that brought it and the page that opened that. */
  ownership: 10,
} as const
