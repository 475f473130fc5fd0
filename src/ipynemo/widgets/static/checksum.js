// The checksum of zip files, of PNG and of `zlib.crc32`: finds what a connection does to data by accident.

/** CRC-32 (ISO 3309), eight bytes a step; `crypto.subtle` is missing where a page comes without https. */
export function crc32Maker() {
  const table = new Int32Array(8 * 256);
  for (let i = 0; i < 256; i += 1) {
    let sum = i;
    for (let bit = 0; bit < 8; bit += 1) sum = sum & 1 ? 0xedb88320 ^ (sum >>> 1) : sum >>> 1;
    table[i] = sum;
  }
  for (let i = 256; i < table.length; i += 1) table[i] = (table[i - 256] >>> 8) ^ table[table[i - 256] & 255];
  return (/** @type {ArrayBuffer} */ buffer) => {
    const bytes = new Uint8Array(buffer);
    const whole = bytes.length & ~7;
    let sum = -1;
    let i = 0;
    for (; i < whole; i += 8) {
      sum ^= bytes[i] | (bytes[i + 1] << 8) | (bytes[i + 2] << 16) | (bytes[i + 3] << 24);
      sum = table[1792 + (sum & 255)] ^ table[1536 + ((sum >>> 8) & 255)] ^ table[1280 + ((sum >>> 16) & 255)] ^
        table[1024 + (sum >>> 24)] ^ table[768 + bytes[i + 4]] ^ table[512 + bytes[i + 5]] ^
        table[256 + bytes[i + 6]] ^ table[bytes[i + 7]];
    }
    for (; i < bytes.length; i += 1) sum = (sum >>> 8) ^ table[(sum ^ bytes[i]) & 255];
    return ~sum >>> 0;
  };
}
