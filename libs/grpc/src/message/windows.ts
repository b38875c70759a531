/** HTTP/2's flow control, with room for what is under way within one round trip on a fast network; the default is 64 KiB. */
export const STREAM_WINDOW_BYTES = 4 * 1_048_576;
export const CONNECTION_WINDOW_BYTES = 16 * 1_048_576;
