/// Routes to the same end, measured in turns within one run.
struct Comparison {
  let title: String
  /// What costs are given for: `image`, `glyph`.
  let item: String
  var clock = Clock.cpu
  /// So many of the first routes are what others can do: the fastest of them is the limit, to which
  /// all are compared.
  var limits = 1
  /// The name of a route over which gains are given, too.
  var rival: String?
  /// What grows from one route to the next.
  var axis: String?
  /// Whether it is one of the few that a reader sees first.
  var isMain = false
  /// Whether memory is looked at: that takes a walk through the page tables for each route.
  var looksAtMemory = false
  let routes: [Route]
}

/// One way to the end that a comparison is about.
struct Route {
  /// What it does when it is its turn.
  typealias Turn = (inout Stopwatch) throws -> Void

  let name: String
  /// How many of the comparison's items a turn does.
  var items = 1
  /// Where along the axis of a growth it stands.
  var position: Int?
  /// Whether it is this library's.
  var isOurs = false
  var goal: Goal?
  /// What a reader must know to believe its figures.
  var warning: String?
  /// Makes all that turns need, outside of what is timed. What it makes goes with the turn.
  let prepare: () throws -> Turn
  /// For a route whose memory is cached: counts what a turn does to it, so that the model can say what
  /// it would cost on write-combining memory.
  var trace: (() throws -> AccessCounts)?
  /// The route whose model is to foretell this one, which was measured on write-combining memory.
  var foretoldBy: String?
}
