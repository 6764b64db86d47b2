package barcodereader;

/** What the published snippets take for granted. */
public final class PublishedSnippets {
    /** The reader they initialize. */
    public static BarcodeReader dbr;

    private PublishedSnippets() {}
}
