import Results

extension [FeatureRow] {
    /// The rows as CSV with the columns of the Python package's unified table.
    ///
    /// Rows from templates have two more, `template` and `follows_sentences`, without which an
    /// epoch would be longer and later gaps would not have the case of their place.
    public func csv() -> String {
        let isFromTemplates = contains { $0.template != nil || $0.followsSentences }
        let header = [
            "masked", "split", "factual_class", "alternative_class", "factual", "alternative",
        ]
        return csvText(
            header: header + (isFromTemplates ? ["template", "follows_sentences"] : []),
            rows: map { row in
                [
                    row.masked, row.split.rawValue, row.factualClass, row.alternativeClass,
                    row.factual, row.alternative,
                ] + (isFromTemplates ? [row.template ?? "", "\(row.followsSentences)"] : [])
            })
    }
}
