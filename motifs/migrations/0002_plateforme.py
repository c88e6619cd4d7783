"""On RDV Solidarités the flag "Réservable en ligne" cannot be set: said across two tables, so by triggers."""

from django.db import migrations

POSER = """
CREATE FUNCTION motifs_refuser_solidarites() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- FOR SHARE: the platform cannot change under the motif being opened.
    PERFORM 1 FROM structures_structure
     WHERE id = NEW.structure_id AND plateforme = 'solidarites' FOR SHARE;
    IF FOUND THEN
        RAISE EXCEPTION 'La réservation en ligne n''existe pas sur RDV Solidarités.'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'motifs_plateforme_solidarites';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER motifs_plateforme_solidarites
    BEFORE INSERT OR UPDATE OF reservable_en_ligne, structure_id ON motifs_motif
    FOR EACH ROW WHEN (NEW.reservable_en_ligne) EXECUTE FUNCTION motifs_refuser_solidarites();

CREATE FUNCTION structures_refuser_solidarites() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM motifs_motif WHERE structure_id = NEW.id AND reservable_en_ligne) THEN
        RAISE EXCEPTION 'Fermez d''abord les motifs ouverts à la réservation en ligne.'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'structures_plateforme_sans_motif_ouvert';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER structures_plateforme_sans_motif_ouvert
    BEFORE UPDATE OF plateforme ON structures_structure
    FOR EACH ROW WHEN (NEW.plateforme = 'solidarites') EXECUTE FUNCTION structures_refuser_solidarites();
"""

RETIRER = """
DROP TRIGGER structures_plateforme_sans_motif_ouvert ON structures_structure;
DROP FUNCTION structures_refuser_solidarites();
DROP TRIGGER motifs_plateforme_solidarites ON motifs_motif;
DROP FUNCTION motifs_refuser_solidarites();
"""


class Migration(migrations.Migration):
    dependencies = [("motifs", "0001_initiale")]

    operations = [migrations.RunSQL(POSER, RETIRER)]
