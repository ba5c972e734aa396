internal import Tensors

extension LabelledArray {
    /// Results of the same axes one after the other, along a new first axis.
    ///
    /// The axes' names are the first result's; their labels must agree. Texts are kept where all
    /// parts have them under one name.
    ///
    /// - Parameters:
    ///   - parts: The results.
    ///   - axis: The new axis's name.
    ///   - labels: Its labels, one per part.
    public static func stacking(
        _ parts: [LabelledArray], along axis: String, labels: [String]
    ) -> LabelledArray {
        precondition(!parts.isEmpty && parts.count == labels.count, "one label for each part")
        let first = parts[0]
        let values = parts.map { part -> Tensor in
            precondition(
                part.axes.map(\.labels) == first.axes.map(\.labels), "parts have different axes")
            return part.values.reshaped([1] + part.values.shape)
        }
        let name = first.texts?.name
        let texts = parts.compactMap { $0.texts?.name == name ? $0.texts : nil }
        let ids = texts.compactMap(\.ids)
        let stacked = name.map { name in
            Texts(
                name, texts.flatMap(\.values),
                ids: ids.count == parts.count ? Array(ids.joined()) : nil)
        }
        return first.with(
            axes: [Axis(axis, labels: labels)] + first.axes,
            values: .concatenating(values, axis: 0),
            texts: texts.count == parts.count ? stacked : nil)
    }

    /// One entry of the first axis.
    public func part(_ index: Int) -> LabelledArray {
        let values = values[at: index]
        let range = (index * values.count)..<((index + 1) * values.count)
        return with(
            axes: Array(axes.dropFirst()), values: values,
            texts: texts.map { texts in
                Texts(
                    texts.name, Array(texts.values[range]), ids: texts.ids.map { Array($0[range]) })
            })
    }

    /// The result with at least two axes: a single one becomes the rows of one column.
    public var asTable: LabelledArray {
        guard axes.count == 1 else { return self }
        return with(
            axes: axes + [Axis("all", labels: [""])], values: values.reshaped([axes[0].count, 1]),
            texts: texts)
    }

    /// The result without an axis that has one entry.
    public func dropping(axis name: String) -> LabelledArray {
        let kept = axes.filter { $0.name != name || $0.count != 1 }
        return with(axes: kept, values: values.reshaped(kept.map(\.count)), texts: texts)
    }

    /// The result with each value replaced, by its place in row-major order.
    public func replacingValues(_ replacement: (Int, Float) -> Float) -> LabelledArray {
        with(
            axes: axes,
            values: Tensor(
                values.shape, values.values.enumerated().map { replacement($0, $1) }),
            texts: texts)
    }

    /// The same values under other axes, whose lengths multiply to as many.
    public func reshaped(to axes: [Axis]) -> LabelledArray {
        with(axes: axes, values: values.reshaped(axes.map(\.count)), texts: texts)
    }

    /// Other values of the same result.
    private func with(axes: [Axis], values: Tensor, texts: Texts?) -> LabelledArray {
        var other = LabelledArray(
            name, quantity: quantity, axes: axes, values: values, summary: summary,
            provenance: provenance)
        other.settings = settings
        other.texts = texts
        other.omitsMissing = omitsMissing
        return other
    }
}
