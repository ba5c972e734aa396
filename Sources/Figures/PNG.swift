internal import CPNG

/// Pixels as Cairo's image surfaces hold them, to be encoded.
struct Pixels {
    let start: UnsafePointer<UInt8>
    let width: Int
    let height: Int
    /// Bytes from one row to the next.
    let stride: Int
}

/// Encodes pixels as a PNG with its pixel density and text chunks.
enum PNG {
    /// - Parameters:
    ///   - pixels: Opaque pixels, 4 bytes each.
    ///   - dpi: The pixel density, written as pHYs so that the figure has its size in print.
    ///   - text: Pairs for text chunks: tEXt where Latin letters do, else iTXt.
    static func encode(
        _ pixels: Pixels, dpi: Double, text: [(key: String, value: String)]
    ) throws(FigureError) -> [UInt8] {
        let sink = ByteSink()
        var message = [CChar](repeating: 0, count: 128)
        var chunks = text.map(chunk)
        defer { chunks.forEach(release) }
        let encoded = chunks.withUnsafeMutableBufferPointer { chunks in
            var picture = probe_png_picture(
                pixels: pixels.start, stride: pixels.stride, width: UInt32(pixels.width),
                height: UInt32(pixels.height), pixels_per_metre: UInt32((dpi / 0.0254).rounded()),
                texts: chunks.baseAddress, text_count: Int32(chunks.count))
            return probe_png_encode(
                &picture,
                { context, bytes, count in ByteSink.append(context, bytes, count) },
                sink.context, &message, message.count)
        }
        guard encoded == 1 else {
            let words = message.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
            throw FigureError.encoding(reason: String(decoding: words, as: UTF8.self))
        }
        return sink.bytes
    }

    /// A text chunk; its strings are freed by ``release``.
    private static func chunk(key: String, value: String) -> png_text {
        var chunk = png_text()
        let isLatin = value.utf8.allSatisfy { $0 < 0x7f && ($0 >= 0x20 || $0 == 0x0a) }
        chunk.compression = isLatin ? PNG_TEXT_COMPRESSION_NONE : PNG_ITXT_COMPRESSION_NONE
        // A keyword has 1 to 79 Latin letters.
        chunk.key = copy(String(key.prefix(79)))
        chunk.text = copy(value)
        return chunk
    }

    private static func copy(_ text: String) -> UnsafeMutablePointer<CChar> {
        let bytes = text.utf8CString
        let memory = UnsafeMutableBufferPointer<CChar>.allocate(capacity: bytes.count)
        _ = memory.initialize(from: bytes)
        return memory.baseAddress ?? .allocate(capacity: 1)
    }

    private static func release(_ chunk: png_text) {
        chunk.key.deallocate()
        chunk.text.deallocate()
    }
}

/// Bytes that a C library hands over piece by piece.
final class ByteSink {
    var bytes: [UInt8] = []

    /// This object as a C context; it must outlive the calls.
    var context: UnsafeMutableRawPointer { Unmanaged.passUnretained(self).toOpaque() }

    static func append(
        _ context: UnsafeMutableRawPointer?, _ bytes: UnsafePointer<UInt8>?, _ count: Int
    ) {
        guard let context else { return }
        Unmanaged<ByteSink>.fromOpaque(context).takeUnretainedValue()
            .bytes.append(contentsOf: UnsafeBufferPointer(start: bytes, count: count))
    }
}
