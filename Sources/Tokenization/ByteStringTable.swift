/// Byte strings numbered in the order they were added, found again by their bytes.
///
/// A dictionary of `String` would not do: it takes canonically equivalent texts, such as `é` in one
/// and in two scalars, for the same key, while a tokenizer tells them apart. Open addressing with
/// linear probing; the strings lie end to end in one array.
struct ByteStringTable: Sendable {
    private var bytes: [UInt8] = []
    private var ends: [Int] = []
    /// The number of the string in each slot, −1 where free; at most half are taken.
    private var slots: [Int32]

    /// Prepares for a number of strings.
    init(capacity: Int = 0) {
        var slots = 64
        while slots < 2 * capacity { slots *= 2 }
        self.slots = [Int32](repeating: -1, count: slots)
        ends.reserveCapacity(capacity)
    }

    /// The number of strings.
    var count: Int { ends.count }

    /// The strings in the order they were added.
    var strings: [[UInt8]] {
        zip([0] + ends.dropLast(), ends).map { Array(bytes[$0..<$1]) }
    }

    /// The number of a string, or `nil` when it was not added.
    func number(of key: ArraySlice<UInt8>) -> Int? {
        let number = slots[slot(of: key)]
        return number < 0 ? nil : Int(number)
    }

    /// Adds a string that is not in the table yet, and returns its number.
    @discardableResult mutating func add(_ key: ArraySlice<UInt8>) -> Int {
        if 2 * (count + 1) > slots.count { grow() }
        slots[slot(of: key)] = Int32(count)
        bytes.append(contentsOf: key)
        ends.append(bytes.count)
        return count - 1
    }

    /// The slot that holds the key, or the free one where it belongs.
    private func slot(of key: ArraySlice<UInt8>) -> Int {
        var slot = hash(key) & (slots.count - 1)
        while slots[slot] >= 0, !isEqual(key, to: Int(slots[slot])) {
            slot = (slot + 1) & (slots.count - 1)
        }
        return slot
    }

    private func isEqual(_ key: ArraySlice<UInt8>, to number: Int) -> Bool {
        let start = number == 0 ? 0 : ends[number - 1]
        guard ends[number] - start == key.count else { return false }
        var position = start
        for byte in key {
            if bytes[position] != byte { return false }
            position += 1
        }
        return true
    }

    private mutating func grow() {
        slots = [Int32](repeating: -1, count: slots.count * 2)
        var start = 0
        for (number, end) in ends.enumerated() {
            slots[slot(of: bytes[start..<end])] = Int32(number)
            start = end
        }
    }

    /// FNV-1a; the high bits are folded in because the slot is taken from the low ones.
    private func hash(_ key: ArraySlice<UInt8>) -> Int {
        var hash = 0xcbf2_9ce4_8422_2325 as UInt64
        for byte in key { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01b3 }
        return Int(truncatingIfNeeded: hash ^ (hash >> 29))
    }
}
