// What to read when a voice is recorded: the long sentences of `voiceclone record` (a test compares).

export const PROMPTS = [
  "On the way home she stopped at the bakery, bought two warm loaves, and gave one of them to the boy who sweeps the yard.",
  "Nobody in the village could say how old the bridge was, but everyone agreed that it would outlast the new road.",
  "If the weather stays clear until Thursday, we will take the small boat out, anchor near the island, and cook lunch on the beach.",
  "The engineer checked each valve, wrote down the pressure, and then, with a quiet smile, turned the great machine on again.",
  "Why would anyone choose to live on a mountain where the snow lies for half the year, and the nearest shop is an hour away?",
  "My grandfather kept a box of foreign coins, and on rainy afternoons he told us how he had come by every single one.",
  "She usually reads the newspaper from back to front, because the puzzles, in her opinion, are the only pages that never lie.",
  "What a beautiful view: vineyards, orchards, a thin blue river, and beyond it all the white towers of the city!",
  "The choir had practiced for months, yet when the lights went down and the audience fell silent, their voices shook with joy.",
  "Please put the heavy books on the lower shelf, the lamps on the table, and leave the glass vases where they are.",
];
