"""How good and how fast is it? Independent judges, failure detectors, anchors, and a bench.

Nothing is imported here: the judges are heavy, and most of them optional (extra ``eval``).

    run.evaluate ─ speaking (rows) ─ judging (one verdict a sentence) ─ summary ─ report
                   unseen (who)      copy_measures, smoothness          │
                                     real_voices (speakers) ─ against_real, zero_shot ─ quality_bars
    speed        ─ timing, peers, measured_process
"""
