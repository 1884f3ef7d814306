"""The loading bay: exports of other systems in, archives out."""
