// Where the messages of a protocol end in a stream of bytes: TLS records, HTTP/2 frames.

export interface Framing {
  readonly headerBytes: number;
  /** Bytes that follow the header. */
  bodyBytes(header: Uint8Array): number;
}

export const tlsRecords: Framing = {
  headerBytes: 5,
  bodyBytes: (header) => ((header[3] as number) << 8) | (header[4] as number),
};

export const http2Frames: Framing = {
  headerBytes: 9,
  bodyBytes: (header) => ((header[0] as number) << 16) | ((header[1] as number) << 8) | (header[2] as number),
};

/** What a client of HTTP/2 sends ahead of its first frame. */
export const HTTP2_PREFACE_BYTES = 24;

export class MessageCutter {
  private readonly header: Uint8Array;
  private headerBytes = 0;

  /** `remaining`: bytes that come ahead of the first message. */
  constructor(
    private readonly framing: Framing,
    private remaining = 0,
  ) {
    this.header = new Uint8Array(framing.headerBytes);
  }

  /** The position behind the message that `from` lies in, or the end of the bytes if it does not end in them. */
  next(bytes: Uint8Array, from: number): number {
    for (let at = from; at < bytes.length; ) {
      if (this.remaining === 0) {
        this.header[this.headerBytes++] = bytes[at++] as number;
        if (this.headerBytes < this.header.length) continue;
        this.headerBytes = 0;
        this.remaining = this.framing.bodyBytes(this.header);
        if (this.remaining === 0) return at;
        continue;
      }
      const step = Math.min(this.remaining, bytes.length - at);
      this.remaining -= step;
      at += step;
      if (this.remaining === 0) return at;
    }
    return bytes.length;
  }
}
