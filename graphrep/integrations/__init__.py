"""Hand-over of terminologies, candidates and vectors to other libraries.

One module for each: ``bigbio``, ``clinlinker``, ``dictionaries``, ``fhir``,
``scispacy``, ``spacy``, ``sssom``, ``vectors`` and ``xmen``. They take any linker that
has ``candidates(phrases, k)`` and ``terminology_``, and import the other library only
where it is used.
"""
