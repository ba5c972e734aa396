/// The nodes of a graph and the edges that pass them, in rows from the bottom up, each at its place
/// across the page.
///
/// Rows are ordered by the mean place of what they are connected with, up and down in turn, and put
/// as near to it as the room lets them: the layered drawing of Sugiyama, Tagawa and Toda 1981,
/// https://doi.org/10.1109/TSMC.1981.4308636.
struct GraphRows {
    /// A node, or the place where an edge passes a row.
    struct Item {
        /// Its middle, in points from the left end.
        var x: Double
        /// What it takes of its row.
        var width: Double
    }

    /// A line between items of neighbouring rows, and how much it weighs.
    private struct Link {
        let (lower, upper): (Int, Int)
        let weight: Double
    }

    /// Nodes first, then the places where edges pass.
    private(set) var items: [Item]
    /// The items of each row.
    private var rows: [[Int]]
    /// The items that each edge goes through, from its lower end to its upper.
    private(set) var chains: [[Int]]
    private let room: Double

    /// How often the rows are gone through.
    private static let rounds = 24
    /// What an edge takes of a row that it passes, if there is room.
    private static let passing = 12.0

    /// - Parameters:
    ///   - rows: The nodes of each row, from the bottom up.
    ///   - widths: What each node takes, in points.
    ///   - edges: Lower and upper node, and magnitude as a share of the largest.
    ///   - room: The width of the rows.
    init(
        _ rows: [[Int]], widths: [Double], edges: [(from: Int, to: Int, share: Double)],
        room: Double
    ) {
        (self.rows, self.room) = (rows, room)
        items = widths.map { Item(x: 0, width: $0) }
        var heights = [Int](repeating: 0, count: widths.count)
        for (height, row) in rows.enumerated() {
            for (place, node) in row.enumerated() {
                heights[node] = height
                items[node].x = room * (Double(place) + 0.5) / Double(row.count)
            }
        }
        chains = []
        var links: [Link] = []
        for edge in edges {
            let (low, high) = (heights[edge.from], heights[edge.to])
            let (start, end) = (items[edge.from].x, items[edge.to].x)
            var chain = [edge.from]
            for height in low + 1..<high {
                let share = Double(height - low) / Double(high - low)
                self.rows[height].append(items.count)
                chain.append(items.count)
                items.append(Item(x: start + share * (end - start), width: 0))
            }
            chain.append(edge.to)
            chains.append(chain)
            // Long edges are straight where they can be.
            for (lower, upper) in zip(chain, chain.dropFirst()) {
                let isInner = lower >= widths.count && upper >= widths.count
                links.append(
                    Link(
                        lower: lower, upper: upper,
                        weight: (0.2 + edge.share) * (isInner ? 4 : 1)))
            }
        }
        spread(nodes: widths.count)
        arrange(links)
        centre()
    }

    /// Gives passing edges the room that the fullest row has for them.
    private mutating func spread(nodes: Int) {
        let shares = rows.map { row in
            let fixed = row.filter { $0 < nodes }.reduce(0) { $0 + items[$1].width }
            return max(0, room - fixed) / Double(max(row.count { $0 >= nodes }, 1))
        }
        let width = min(Self.passing, shares.min() ?? 0)
        for item in nodes..<items.count { items[item].width = width }
    }

    private mutating func arrange(_ links: [Link]) {
        var below = [[Link]](repeating: [], count: items.count)
        var above = below
        for link in links {
            below[link.upper].append(link)
            above[link.lower].append(link)
        }
        for round in 0..<Self.rounds {
            // At last by both sides, which evens out.
            let isLast = round >= Self.rounds - 4
            let isUpwards = round.isMultiple(of: 2)
            for row in isUpwards ? Array(rows.indices) : rows.indices.reversed() {
                let wished = rows[row].map { item in
                    var pulls: [(x: Double, weight: Double)] = []
                    if isLast || isUpwards {
                        pulls += below[item].map { (items[$0.lower].x, $0.weight) }
                    }
                    if isLast || !isUpwards {
                        pulls += above[item].map { (items[$0.upper].x, $0.weight) }
                    }
                    let weight = pulls.reduce(0) { $0 + $1.weight }
                    return weight > 0
                        ? pulls.reduce(0) { $0 + $1.x * $1.weight } / weight : items[item].x
                }
                place(row, at: wished)
            }
        }
    }

    /// Puts all of it into the middle.
    private mutating func centre() {
        let left = items.map { $0.x - $0.width / 2 }.min() ?? 0
        let right = items.map { $0.x + $0.width / 2 }.max() ?? room
        for index in items.indices { items[index].x += (room - left - right) / 2 }
    }

    /// Orders a row by wished places, and puts its items where the squares of the distances to
    /// them are least without overlap.
    private mutating func place(_ row: Int, at wished: [Double]) {
        let order = rows[row].indices.sorted { (wished[$0], $0) < (wished[$1], $1) }
        rows[row] = order.map { rows[row][$0] }
        // Measured from where it would stand if all were packed to the left, each item may be no
        // further left than the one before.
        var packed: [Double] = []
        var end = 0.0
        for item in rows[row] {
            packed.append(end + items[item].width / 2)
            end += items[item].width
        }
        let shifts = isotonic(zip(order, packed).map { wished[$0] - $1 })
        for (index, item) in rows[row].enumerated() {
            items[item].x = packed[index] + min(max(shifts[index], 0), max(room - end, 0))
        }
    }
}

/// The numbers that never fall and are nearest to given ones, by pooling neighbours that fall:
/// Ayer et al. 1955, https://doi.org/10.1214/aoms/1177728423.
private func isotonic(_ values: [Double]) -> [Double] {
    var pools: [(sum: Double, count: Int)] = []
    for value in values {
        pools.append((value, 1))
        while pools.count > 1 {
            let (last, before) = (pools[pools.count - 1], pools[pools.count - 2])
            guard last.sum / Double(last.count) < before.sum / Double(before.count) else { break }
            pools.removeLast(2)
            pools.append((before.sum + last.sum, before.count + last.count))
        }
    }
    return pools.flatMap { [Double](repeating: $0.sum / Double($0.count), count: $0.count) }
}
