import CPNG
import Figures
import Testing

/// A PNG taken apart: chunks by hand, so that they can be checked, and pixels by libpng.
struct PNGFile {
    struct Chunk {
        let type: String
        let data: [UInt8]
        let isIntact: Bool
    }

    let chunks: [Chunk]
    let width: Int
    let height: Int
    private let pixels: [UInt8]

    init(_ bytes: [UInt8]) throws {
        try #require(Array(bytes.prefix(8)) == [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])
        var chunks: [Chunk] = []
        var place = 8
        while place < bytes.count {
            let length = PNGFile.integer(bytes[place..<(place + 4)])
            let body = bytes[(place + 4)..<(place + 8 + length)]
            let sum = PNGFile.integer(bytes[(place + 8 + length)..<(place + 12 + length)])
            chunks.append(
                Chunk(
                    type: String(decoding: body.prefix(4), as: UTF8.self),
                    data: Array(body.dropFirst(4)), isIntact: PNGFile.checksum(body) == sum))
            place += 12 + length
        }
        self.chunks = chunks
        width = PNGFile.integer(chunks[0].data[0..<4])
        height = PNGFile.integer(chunks[0].data[4..<8])
        pixels = try PNGFile.decoded(bytes)
    }

    private static func decoded(_ bytes: [UInt8]) throws -> [UInt8] {
        var image = png_image()
        image.version = UInt32(PNG_IMAGE_VERSION)
        try #require(png_image_begin_read_from_memory(&image, bytes, bytes.count) != 0)
        image.format = 2  // PNG_FORMAT_RGB, a macro that Swift does not see.
        var pixels = [UInt8](repeating: 0, count: 3 * Int(image.width) * Int(image.height))
        try #require(png_image_finish_read(&image, nil, &pixels, 0, nil) != 0)
        return pixels
    }

    static func integer(_ bytes: ArraySlice<UInt8>) -> Int {
        bytes.reduce(0) { $0 << 8 | Int($1) }
    }

    /// The CRC of PNG 1.2, annex D.
    private static func checksum(_ bytes: ArraySlice<UInt8>) -> Int {
        let sum = bytes.reduce(0xffff_ffff as UInt32) { sum, byte in
            (0..<8).reduce(sum ^ UInt32(byte)) { value, _ in
                value & 1 == 1 ? 0xedb8_8320 ^ (value >> 1) : value >> 1
            }
        }
        return Int(sum ^ 0xffff_ffff)
    }

    /// The text chunks, tEXt and iTXt, by keyword.
    var text: [String: String] {
        chunks.reduce(into: [:]) { text, chunk in
            guard chunk.type == "tEXt" || chunk.type == "iTXt",
                let end = chunk.data.firstIndex(of: 0)
            else { return }
            // An iTXt chunk has two flags, a language and a translated keyword before its text.
            let skipped = chunk.type == "tEXt" ? 1 : 5
            text[String(decoding: chunk.data[..<end], as: UTF8.self)] =
                String(decoding: chunk.data[(end + skipped)...], as: UTF8.self)
        }
    }

    func chunk(_ type: String) throws -> Chunk { try #require(chunks.first { $0.type == type }) }

    /// The channels at a place in points.
    func pixel(x: Double, y: Double, dpi: Double) -> [UInt8] {
        let start = 3 * (Int(y * dpi / 72) * width + Int(x * dpi / 72))
        return Array(pixels[start..<(start + 3)])
    }
}
