/// What a stage took for an item: medians, in nanoseconds.
struct StageResult: Codable {
  let stage: Stage
  let cost: Cost
}
