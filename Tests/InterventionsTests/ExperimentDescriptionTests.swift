import Interventions
import Models
import Tensors
import TestSupport
import Testing

/// Experiments to JSON and back.
@Suite struct ExperimentDescriptionTests {
    @Test func jsonAndBackMeasuresTheSame() throws {
        let experiment = try Experiment(
            EngineTests.shapes[0], lengths: [5], differingFrom: [1])
        let branches = [HookKind.z, .mlpPost, .pattern, .residPre].flatMap {
            experiment.branches(at: $0)
        }.filter { branch in
            branch.interventions.allSatisfy { if case .function = $0.edit { false } else { true } }
        }
        let metric = try Metric.logitDifference(.id(3), .id(4))
            .normalized(from: experiment.base, to: experiment.clean)
        let description = ExperimentDescription(
            metric: try MetricDescription(metric),
            branches: try branches.map { branch in
                try branch.interventions.map { try InterventionDescription($0, from: "clean") }
            })
        let json = try description.json()
        let read = try ExperimentDescription(json: json)
        #expect(read == description)
        let again = try read.metric.metric().measure(
            read.makeBranches(from: ["clean": experiment.cache]), departingFrom: experiment.base)
        #expect(again == (try metric.measure(branches, departingFrom: experiment.base)))
    }

    @Test func aLossKeepsItsStart() throws {
        let description = try MetricDescription(.loss(from: 2))
        #expect(description.start == 2)
        #expect(try description.metric().start == 2)
        var wrong = description
        wrong.start = -1
        #expect(throws: InterventionError.self) { try wrong.metric() }
    }

    @Test(arguments: [
        (#"{"point": "blocks.0.hook_x", "edit": "zero"}"#, "no hook point"),
        (#"{"point": "hook_embed", "edit": "burn"}"#, "no edit"),
        (#"{"point": "hook_embed", "edit": "scale"}"#, "no factor"),
        (#"{"point": "hook_embed", "edit": "patch", "from": "elsewhere"}"#, "runs are clean"),
        (#"{"point": "hook_embed", "edit": "add", "shape": [1, 2, 3], "values": [1]}"#, "no shape"),
        (
            #"{"point": "hook_embed", "edit": "add", "shape": [1, -2, -3], "values": []}"#,
            "no shape"
        ),
    ])
    func whatNamesNothingIsRefused(_ intervention: String, _ reason: String) throws {
        let text = #"{"metric": {"kind": "loss"}, "branches": [["# + intervention + "]]}"
        let description = try ExperimentDescription(json: Array(text.utf8))
        let error = #expect(throws: InterventionError.self) {
            try description.makeBranches(from: ["clean": ActivationCache()])
        }
        #expect(error?.description.contains(reason) == true)
    }

    @Test func whatIsCodeIsNotWritten() {
        let site = Site(HookPoint(.embed))
        #expect(throws: InterventionError.self) {
            try InterventionDescription(Intervention(site, .function { _ in }))
        }
        #expect(throws: InterventionError.self) {
            try InterventionDescription(Intervention(site, .patch(from: ActivationCache())))
        }
        #expect(throws: InterventionError.self) {
            try MetricDescription(.function("largest") { Double($0[0]) })
        }
    }

    @Test func textThatIsNoDescriptionIsRefused() {
        #expect(throws: JSONProblem.self) { try ExperimentDescription(json: Array("{".utf8)) }
    }
}
