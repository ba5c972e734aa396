import Tensors
import TestSupport
import Testing

/// Tensors as values: copies are independent, parts share memory until one is written.
@Suite struct TensorTests {
    private let counting = Tensor([2, 3, 4], (0..<24).map(Float.init))

    @Test func copiesAreIndependent() {
        let original = counting
        var copy = original
        copy[1, 2, 3] = -1
        #expect(original[1, 2, 3] == 23)
        #expect(copy[1, 2, 3] == -1)
        #expect(copy.values.dropLast() == original.values.dropLast())
        copy.mutableRows[0][0] = 7
        #expect(original[0, 0, 0] == 0 && copy[0, 0, 0] == 7)
    }

    @Test func aTensorAloneIsWrittenInPlace() {
        var tensor = Tensor([4], repeating: 1)
        let before = tensor.rows.base
        tensor[2] = 5
        tensor.mutableRows[0][3] = 6
        #expect(tensor.rows.base == before)
        #expect(tensor.values == [1, 1, 5, 6])
    }

    @Test func partsShareMemoryUntilWritten() {
        let whole = counting
        var part = whole[at: 1]
        #expect(part.shape == [3, 4])
        #expect(part.rows.base == whole.rows.base + 12)
        part[0, 0] = -1
        #expect(whole[1, 0, 0] == 12)
        #expect(part.values == [-1] + (13..<24).map(Float.init))
        var run = whole[at: 1..<2]
        #expect(run.shape == [1, 3, 4])
        run.mutableRows[0][1] = -2
        #expect(whole[1, 0, 1] == 13 && run[0, 0, 1] == -2)
        #expect(whole[at: 0..<0].count == 0)
    }

    /// Writing a part must copy the part only, and at its own offset.
    @Test func aPartOfAPartIsWrittenWhereItIs() {
        var part = counting[at: 1][at: 1..<3]
        part[1, 3] = 99
        #expect(part.shape == [2, 4])
        #expect(part.values == [16, 17, 18, 19, 20, 21, 22, 99])
    }

    @Test func borrowedMemoryIsNeverWritten() {
        final class Owner { let floats = UnsafeMutablePointer<Float>.allocate(capacity: 3) }
        let owner = Owner()
        owner.floats.initialize(repeating: 2, count: 3)
        defer { owner.floats.deallocate() }
        let storage = TensorStorage(
            borrowing: UnsafeBufferPointer(start: owner.floats, count: 3), from: owner)
        var tensor = Tensor([3], storage: storage)
        #expect(tensor.rows.base == UnsafePointer(owner.floats))
        tensor[0] = 9
        #expect(owner.floats[0] == 2)
        #expect(tensor.values == [9, 2, 2])
    }

    @Test func reshapingSharesMemory() {
        var flat = counting.reshaped([4, 6])
        #expect(flat.rows.base == counting.rows.base)
        #expect(flat[3, 5] == 23)
        flat[0, 0] = 1
        #expect(counting[0, 0, 0] == 0)
        #expect(Tensor([1, 1], [3]).reshaped([])[] == 3)
    }

    @Test func selectingTakesEntriesInOrder() {
        let middle = counting.selecting([2, 0, 2], axis: 1)
        #expect(middle.shape == [2, 3, 4])
        for i in 0..<2 {
            for (j, source) in [2, 0, 2].enumerated() {
                for k in 0..<4 { #expect(middle[i, j, k] == counting[i, source, k]) }
            }
        }
        #expect(counting.selecting([3], axis: 2).values == [3, 7, 11, 15, 19, 23])
        #expect(counting.selecting([], axis: 0).shape == [0, 3, 4])
    }

    @Test(arguments: 0..<3) func concatenatingUndoesSelecting(axis: Int) {
        let last = counting.shape[axis] - 1
        let parts = [
            counting.selecting(Array(0..<last), axis: axis),
            counting.selecting([], axis: axis),
            counting.selecting([last], axis: axis),
        ]
        let joined = Tensor.concatenating(parts, axis: axis)
        #expect(joined.shape == counting.shape && joined.values == counting.values)
    }

    @Test func stridedRowsReadAndWriteTheirPart() {
        var tensor = counting
        let part = tensor.rows(of: 12)[0..<2, 3..<5]
        #expect((0..<2).map { Array(part[$0]) } == [[3, 4], [15, 16]])
        let writable = tensor.mutableRows(of: 12)[1..<2, 10..<12]
        writable[0][1] = -5
        #expect(tensor[1, 2, 3] == -5)
        #expect(Array(counting.rows.elements) == counting.values)
    }

    @Test func emptyTensorsHaveNoRows() {
        var empty = Tensor([0, 5])
        #expect(empty.rows.count == 0 && empty.mutableRows.count == 0 && empty.values.isEmpty)
        #expect(Tensor([5, 0]).rows.count == 0)
    }
}
