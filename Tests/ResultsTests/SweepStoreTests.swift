import Dispatch
import Glibc
import Results
import Tensors
import TestSupport
import Testing

/// The store of a sweep's values: what it keeps through kills and damage, and what it refuses.
@Suite struct SweepStoreTests {
    private static let experiment = ["model": "xxh64:0123", "metric": "logit difference"]

    private func withStore<Result>(_ body: (String) throws -> Result) throws -> Result {
        try Repository.withTemporaryFolder { try body($0 + "/deep/er/.sweep.partial") }
    }

    private func open(_ path: String, _ experiment: [String: String] = experiment) throws
        -> SweepStore
    {
        try SweepStore(path, of: experiment, branches: 10)
    }

    /// A store of three records, and the size of the file after each.
    private func fill(_ path: String) throws -> [Int] {
        let store = try open(path)
        var sizes = [try Repository.bytes(path).count]
        for (values, branches) in [([0.1, -0.0], [3, 1]), ([.infinity], [9]), ([1e-300], [0])] {
            try store.append(values, of: branches)
            sizes.append(try Repository.bytes(path).count)
        }
        return sizes
    }

    private static let values = [3: 0.1, 1: -0.0, 9: .infinity, 0: 1e-300]

    @Test func valuesComeBack() throws {
        try withStore { path in
            _ = try fill(path)
            let store = try open(path)
            #expect(try store.known == Self.values && store.branchCount == 10)
            #expect(try store.known[1]?.sign == .minus)
            try store.append([.nan], of: [4])
            #expect(try store.known.count == 4 && store.knownCount == 4)
        }
    }

    /// Values that were written together are read without the others.
    @Test func runsOfBranches() throws {
        try withStore { path in
            try open(path).append([1, 2, 3], of: [4, 5, 6])
            try open(path).append([7, 8], of: [9, 2])
            let store = try SweepStore(reading: path)
            #expect(store.branchCount == 10 && store.knownCount == 5)
            #expect(store.experiment == Self.experiment)
            #expect(try store.values(of: 4..<7) == [1, 2, 3])
            #expect(try store.values(of: 5..<7) == [2, 3])
            for range in [4..<8, 3..<5, 0..<3, 9..<10, 2..<3] {
                #expect(try store.values(of: range) == nil)
            }
            var records: [[Int]] = []
            try store.forEachRecord { branches, _ in records.append(branches) }
            #expect(records == [[4, 5, 6], [9, 2]])
        }
        #expect(throws: (any Error).self) { try SweepStore(reading: "/nowhere/store") }
    }

    @Test func aStoreOpenedAgainGrows() throws {
        try withStore { path in
            for branch in 0..<5 { try open(path).append([Double(branch) / 3], of: [branch]) }
            #expect(try open(path).known == [0: 0, 1: 1.0 / 3, 2: 2.0 / 3, 3: 1, 4: 4.0 / 3])
        }
    }

    /// A kill in the middle of a write leaves a part of the last record, or of the header.
    @Test func tornTailsAreCutOff() throws {
        try withStore { path in
            let sizes = try fill(path)
            let whole = try Repository.bytes(path)
            for size in 0..<sizes[3] {
                try Repository.write(Array(whole[..<size]), to: path)
                let records = sizes.lastIndex { $0 <= size } ?? 0
                let store = try open(path)
                let expected = Self.values.filter { branch, _ in
                    (branch == 0 ? 3 : branch == 9 ? 2 : 1) <= records
                }
                #expect(try store.known == expected, "\(size) bytes")
                #expect(try Repository.bytes(path).count == sizes[records], "\(size) bytes")
                // What follows is as good as if nothing had been torn.
                try store.append([7], of: [5])
                #expect(try Repository.bytes(path).count == sizes[records] + 32)
            }
        }
    }

    @Test func whatFollowsATornTailIsKept() throws {
        try withStore { path in
            let sizes = try fill(path)
            try Repository.write(Array(try Repository.bytes(path)[..<(sizes[3] - 1)]), to: path)
            try open(path).append([7], of: [5])
            #expect(try open(path).known == [3: 0.1, 1: -0.0, 9: .infinity, 5: 7])
        }
    }

    /// Damage in the header is named; damage in a record loses it and what follows, no more.
    @Test(arguments: 0..<40 as Range<UInt64>) func damage(_ seed: UInt64) throws {
        try withStore { path in
            let sizes = try fill(path)
            let whole = try Repository.bytes(path)
            var generator = SeededGenerator(seed: seed, stream: "damage")
            for _ in 0..<25 {
                var bytes = whole
                let place = Int.random(in: 0..<bytes.count, using: &generator)
                switch Int.random(in: 0..<4, using: &generator) {
                case 0: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
                case 1: bytes[place] = ~bytes[place]
                case 2:
                    for index in place..<min(place + 8, bytes.count) { bytes[index] ^= 0xff }
                default:
                    bytes.insert(.random(in: 0...255, using: &generator), at: place)
                }
                try Repository.write(bytes, to: path)
                let same = zip(bytes, whole).prefix { $0 == $1 }.count
                if same < sizes[0] {
                    let error = #expect(throws: SweepStoreError.self) { try open(path) }
                    #expect(error?.description.hasPrefix(path) == true)
                    #expect(try Repository.bytes(path) == bytes, "nothing is lost")
                } else {
                    let intact = sizes.lastIndex { $0 <= same } ?? 0
                    let kept = try open(path).known
                    #expect(kept.count == [0, 2, 3, 4][intact])
                    #expect(kept.allSatisfy { Self.values[$0] == $1 })
                }
            }
        }
    }

    @Test func anythingElseIsRefused() throws {
        try withStore { path in
            _ = try fill(path)
            var generator = SeededGenerator(seed: 1, stream: "noise")
            for size in [1, 31, 32, 40, 1000] {
                let noise = (0..<size).map { _ in UInt8.random(in: 0...255, using: &generator) }
                try Repository.write(noise, to: path)
                #expect(throws: SweepStoreError.damaged(path: path)) { try open(path) }
            }
        }
    }

    @Test func anotherFormatIsNamed() throws {
        try withStore { path in
            _ = try fill(path)
            var bytes = try Repository.bytes(path)
            bytes[8] = 9
            try Repository.write(bytes, to: path)
            #expect(throws: SweepStoreError.otherFormat(path: path, version: 9)) { try open(path) }
        }
    }

    @Test func anotherExperimentIsRefusedByName() throws {
        try withStore { path in
            _ = try fill(path)
            let before = try Repository.bytes(path)
            let error = #expect(throws: SweepStoreError.self) {
                try SweepStore(
                    path, of: ["model": "xxh64:9", "metric": "logit difference", "prompts": "[1]"],
                    branches: 11)
            }
            #expect(
                error
                    == .anotherExperiment(
                        path: path, differences: ["model", "prompts", "number of branches"]))
            #expect(
                error?.description
                    == "\(path) holds unfinished results of another experiment (other model, other "
                    + "prompts, other number of branches); remove it or choose another --out")
            #expect(try Repository.bytes(path) == before)
            #expect(try open(path).known == Self.values)
        }
    }

    @Test func oneProcessAtATime() throws {
        try withStore { path in
            let first = try open(path)
            #expect(throws: SweepStoreError.inUse(path: path)) { try open(path) }
            try first.append([1], of: [1])
            // Once it is removed, a new one can begin beside it.
            first.remove()
            let second = try open(path)
            #expect(second.knownCount == 0)
            try first.append([2], of: [2])
            #expect(throws: SweepStoreError.inUse(path: path)) { try open(path) }
            try second.append([3], of: [3])
        }
        try withStore { path in
            try open(path).append([1], of: [1])
            #expect(try open(path).known == [1: 1])
        }
    }

    @Test func placesThatCannotBeWritten() throws {
        try Repository.withTemporaryFolder { folder in
            let reason = FileError.cannotWrite(path: folder, reason: "Is a directory")
            #expect(throws: reason) { try open(folder) }
            try Repository.write([], to: folder + "/regular")
            #expect(throws: FileError.self) { try open(folder + "/regular/.sweep.partial") }
            #expect(mkfifo(folder + "/pipe", 0o600) == 0)
            let pipe = FileError.cannotWrite(
                path: folder + "/pipe", reason: "it is no regular file")
            #expect(throws: pipe) { try open(folder + "/pipe") }
        }
    }

    @Test func threadsMayAddAtOnce() throws {
        try withStore { path in
            do {
                let store = try SweepStore(path, of: Self.experiment, branches: 4000)
                DispatchQueue.concurrentPerform(iterations: 800) { step in
                    let branches = (0..<5).map { step * 5 + $0 }
                    #expect(throws: Never.self) {
                        try store.append(branches.map(Double.init), of: branches)
                    }
                }
            }
            let known = try SweepStore(path, of: Self.experiment, branches: 4000).known
            #expect(known.count == 4000 && known.allSatisfy { Double($0) == $1 })
        }
    }
}
