/// e to the power x, in a form that the compiler turns into vector instructions.
///
/// x is split into n·ln 2 + r with |r| ≤ ln 2 / 2; eʳ is a polynomial, 2ⁿ is put into the exponent
/// bits. Relative error below 2e-7 for x in [−87, 88]; below, the result is 0 (at −∞ too); above,
/// it is that of 88. NaN gives NaN.
@inline(__always) func exponential(_ x: Float) -> Float {
    let clamped = x < -87 ? -87 : (x > 88 ? 88 : x)
    // Adding 1.5·2²³ rounds to the nearest whole number and leaves it in the low mantissa bits.
    let magic: Float = 12_582_912
    let shifted = clamped * 1.442_695_04 + magic
    let n = shifted - magic
    // ln 2 in two parts, so that n·ln 2 is subtracted without rounding.
    let r = clamped - n * 0.693_359_375 + n * 2.121_944_4e-4
    // Taylor's polynomial to r⁷, by Horner's rule; what is cut off is below 6e-9.
    var p: Float = 1 / 5040
    p = p * r + 1 / 720
    p = p * r + 1 / 120
    p = p * r + 1 / 24
    p = p * r + 1 / 6
    p = p * r + 0.5
    p = p * r + 1
    p = p * r + 1
    let power = Float(bitPattern: (shifted.bitPattern &- magic.bitPattern &+ 127) &<< 23)
    return x < -87 ? 0 : p * power
}
