package org.openlts;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/** The program of conformance/testbed, which says what it does. It ends with this process. */
final class Testbed {
    private static final String PROGRAM = Repository.COMMAND.resolveSibling("testbed").toString();

    private static OutputStream requests;
    private static BufferedReader answers;

    /** A request, to which members may be added. */
    static JsonObject request(String what) {
        JsonObject request = new JsonObject();
        request.addProperty("do", what);
        return request;
    }

    /** The result of a request. */
    static synchronized JsonElement ask(JsonObject request) throws IOException {
        if (requests == null) {
            Process testbed = new ProcessBuilder(PROGRAM, Repository.COMMAND.toString())
                    .redirectError(ProcessBuilder.Redirect.INHERIT)
                    .start();
            requests = testbed.getOutputStream();
            answers = new BufferedReader(new InputStreamReader(testbed.getInputStream(), StandardCharsets.UTF_8));
        }
        requests.write((request + "\n").getBytes(StandardCharsets.UTF_8));
        requests.flush();
        JsonObject answer = JsonParser.parseString(answers.readLine()).getAsJsonObject();
        if (answer.has("error")) {
            throw new IllegalStateException(answer.get("error").getAsString());
        }
        return answer.get("result");
    }

    /** The blocks of code of a page in a language: each has its section and its code. */
    static JsonArray blocks(Path page, String language) throws IOException {
        Process testbed = new ProcessBuilder(PROGRAM, "blocks", page.toString(), language)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        String printed = LicenseTrackingServer.read(testbed.getInputStream());
        return JsonParser.parseString(printed).getAsJsonArray();
    }

    private Testbed() {}
}
