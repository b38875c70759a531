/** A mistake in arguments or files, as one line for the user. */
export class InputError extends Error {
  override readonly name = 'InputError';
}
