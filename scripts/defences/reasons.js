/**
 * Attacks of docs/security.md whose defence is not a text that could be taken out, each with the reason.
 *
 * @type {Readonly<Record<number, string>>}
 */
export const withoutRemoval = {
  32: 'Nothing in the code begins a connection by itself, so there is no check to take out.',
  51: 'JSON.parse decides which member counts; what is checked is what it gives.',
  68: 'A tolerance is no check: without it more is refused, not less.',
  79: 'Out of scope: whoever runs script before this library loads can do what the page can do.',
  100: 'The example is no part of the library: test/slow/broken-backends.test.ts takes its lines out.',
}
