const FLUSH_AT = 65_536;
const ROW = 4_096;

/** A JSON text that is written piece by piece, and turns to bytes on the way. */
export class JsonText {
  readonly #done: Buffer[] = [];
  #text = '';

  write(text: string): void {
    this.#text += text;
    if (this.#text.length > FLUSH_AT) this.#flush();
  }

  /** An array of the elements that `writeAll` passes on, each as JSON. */
  array(writeAll: (writeOne: (json: string) => void) => void): void {
    let row: string[] = [];
    let isFirst = true;
    const endRow = (): void => {
      if (row.length === 0) return;
      this.write(`${isFirst ? '' : ','}${row.join(',')}`);
      isFirst = false;
      row = [];
    };
    this.write('[');
    writeAll((json) => {
      row.push(json);
      if (row.length === ROW) endRow();
    });
    endRow();
    this.write(']');
  }

  finish(): Buffer {
    this.#flush();
    return Buffer.concat(this.#done);
  }

  #flush(): void {
    this.#done.push(Buffer.from(this.#text));
    this.#text = '';
  }
}
