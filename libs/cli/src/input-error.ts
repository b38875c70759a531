/** What is wrong with arguments or files, in one line for whoever gave them. */
export class InputError extends Error {
  override readonly name = 'InputError';
}
