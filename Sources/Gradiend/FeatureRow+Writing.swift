import Results

extension [FeatureRow] {
    /// The rows as CSV with the columns of the Python package's unified table.
    public func csv() -> String {
        csvText(
            header: [
                "masked", "split", "factual_class", "alternative_class", "factual", "alternative",
            ],
            rows: map { row in
                [
                    row.masked, row.split.rawValue, row.factualClass, row.alternativeClass,
                    row.factual, row.alternative,
                ]
            })
    }
}
