/// How a safetensors file stores an element; the names are the format's.
public enum ElementType: String, Sendable, CaseIterable {
    /// 32-bit float
    case float32 = "F32"
    /// 16-bit IEEE 754 float
    case float16 = "F16"
    /// The upper half of a 32-bit float
    case bfloat16 = "BF16"
    /// Types that may stand in a file but are not read as tensors.
    case float64 = "F64"
    case int64 = "I64"
    case int32 = "I32"
    case int16 = "I16"
    case int8 = "I8"
    case uint64 = "U64"
    case uint32 = "U32"
    case uint16 = "U16"
    case uint8 = "U8"
    case bool = "BOOL"

    /// Bytes an element takes.
    var size: Int {
        switch self {
        case .float64, .int64, .uint64: 8
        case .float32, .int32, .uint32: 4
        case .float16, .bfloat16, .int16, .uint16: 2
        case .int8, .uint8, .bool: 1
        }
    }

    /// Whether elements can be read as, and written from, 32-bit floats.
    var isReadable: Bool { self == .float32 || self == .float16 || self == .bfloat16 }

    /// Reads little-endian elements as floats.
    ///
    /// - Parameters:
    ///   - bytes: `floats.count` elements; any alignment.
    ///   - floats: Receives the values.
    func decode(_ bytes: UnsafeRawBufferPointer, into floats: UnsafeMutableBufferPointer<Float>) {
        precondition(isReadable && bytes.count == floats.count * size, "decode \(rawValue)")
        switch self {
        case .float16:
            for i in 0..<floats.count {
                floats[i] = float(half: bytes.loadUnaligned(fromByteOffset: 2 * i, as: UInt16.self))
            }
        case .bfloat16:
            for i in 0..<floats.count {
                let upper = bytes.loadUnaligned(fromByteOffset: 2 * i, as: UInt16.self)
                floats[i] = Float(bitPattern: UInt32(upper) << 16)
            }
        default: UnsafeMutableRawBufferPointer(floats).copyMemory(from: bytes)
        }
    }

    /// Rounds floats to this type, ties to even, as little-endian bytes.
    func encode(_ floats: UnsafeBufferPointer<Float>) -> [UInt8] {
        precondition(isReadable, "encode \(rawValue)")
        return [UInt8](unsafeUninitializedCapacity: floats.count * size) { buffer, initialized in
            let bytes = UnsafeMutableRawBufferPointer(buffer)
            for i in 0..<floats.count {
                switch self {
                case .float16:
                    bytes.storeBytes(
                        of: Float16(floats[i]).bitPattern, toByteOffset: 2 * i, as: UInt16.self)
                case .bfloat16:
                    bytes.storeBytes(
                        of: roundedToBfloat16(floats[i]), toByteOffset: 2 * i, as: UInt16.self)
                default: bytes.storeBytes(of: floats[i], toByteOffset: 4 * i, as: Float.self)
                }
            }
            initialized = floats.count * size
        }
    }
}

/// Widens an IEEE half without a library call, so that the loop over a tensor vectorises.
///
/// Shifted into a float's place the exponent is too small by 112: multiplying puts that right, for
/// subnormal halves too. Infinities and NaN get the float's largest exponent instead.
@inline(__always) private func float(half: UInt16) -> Float {
    let magnitude = UInt32(half & 0x7fff) << 13
    let finite = (Float(bitPattern: magnitude) * 0x1p112).bitPattern
    let bits = magnitude >= 0x0f80_0000 ? magnitude | 0x7f80_0000 : finite
    return Float(bitPattern: bits | UInt32(half & 0x8000) << 16)
}

private func roundedToBfloat16(_ x: Float) -> UInt16 {
    if x.isNaN { return 0x7fc0 }
    let bits = x.bitPattern
    return UInt16(truncatingIfNeeded: (bits &+ 0x7fff &+ (bits >> 16 & 1)) >> 16)
}
