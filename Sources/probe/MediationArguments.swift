public import ArgumentParser
public import Mediation

// Raw values are what is typed.
extension NeuronPrompts.SeveralTokens: ExpressibleByArgument {}
extension Winogender.Statistic: ExpressibleByArgument {}
extension NeuronSites: ExpressibleByArgument {}
